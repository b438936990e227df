import { expect, test } from "vitest";
import { examineAll } from "../../src/doctor/diagnose.ts";
import type { Examination, Saw } from "../../src/doctor/finding.ts";
import type { Patient } from "../../src/doctor/subject.ts";
import { KeysError } from "../../src/errors.ts";

const nobody = { onProgress: () => () => undefined } as unknown as Patient;

function anExamination(examine: () => Promise<readonly Saw[]>, exit: Examination["exit"] = 6): Examination {
  return { about: "the moon", exit, examine };
}

const found = (status: Saw["status"], exit: Examination["exit"] = 6) =>
  anExamination(async () => [{ status, saw: "a thing" }], exit);

test("findings come in the order of the examinations, and are counted", async () => {
  const slow = anExamination(async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return [{ status: "warn", saw: "late" }];
  });
  const report = await examineAll(nobody, { slow, none: anExamination(async () => []), quick: found("pass") });
  expect(report).toEqual({
    ok: true,
    exit: 0,
    counts: { pass: 1, warn: 1, fail: 0, info: 0 },
    findings: [
      { id: "slow", status: "warn", saw: "late" },
      { id: "quick", status: "pass", saw: "a thing" },
    ],
  });
});

test.each<[wanted: number, examinations: readonly Examination[]]>([
  [0, []],
  [0, [found("pass", 6), found("warn", 4), found("info", 2)]],
  [2, [found("fail", 2), found("warn", 6)]],
  [4, [found("fail", 2), found("fail", 4)]],
  [6, [found("fail", 4), found("fail", 6), found("fail", 2)]],
])("the exit status is %d", async (wanted, examinations) => {
  const { exit, ok } = await examineAll(
    nobody,
    Object.fromEntries(examinations.map((each, i) => [`e${String(i)}`, each])),
  );
  expect({ exit, ok }).toEqual({ exit: wanted, ok: wanted === 0 });
});

test("one that never answers is a failure, in time, and the others are there", async () => {
  const hung = anExamination(() => new Promise<never>(() => undefined));
  const at = performance.now();
  const { findings, exit } = await examineAll(nobody, { hung, well: found("pass") }, 50);
  expect(performance.now() - at).toBeLessThan(2_000);
  expect(exit).toBe(6);
  expect(findings).toEqual([
    { id: "hung", status: "fail", saw: "the moon: no answer within 0.05 seconds" },
    { id: "well", status: "pass", saw: "a thing" },
  ]);
});

test("what goes on reading is not given up, however long it takes", async () => {
  const listeners = new Set<() => void>();
  const patient = {
    onProgress: (listener: () => void) => (listeners.add(listener), () => listeners.delete(listener)),
  } as unknown as Patient;
  const long = anExamination(async () => {
    for (let step = 0; step < 8; step++) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      for (const listener of listeners) listener();
    }
    return [{ status: "pass", saw: "all of it" }];
  });
  const { findings } = await examineAll(patient, { long }, 1_000);
  expect(findings).toEqual([{ id: "long", status: "pass", saw: "all of it" }]);
  expect(listeners.size).toBe(0);
});

test("what is thrown is a failure: a fault with its hint, anything else without its words", async () => {
  const fault = anExamination(() =>
    Promise.reject(new KeysError("STORE_DAMAGED", "line 2 is damaged", { hint: "restore it" })),
  );
  const bug = anExamination(() => Promise.reject(new TypeError("mcp_secret")));
  const { findings } = await examineAll(nobody, { fault, bug });
  expect(findings).toMatchObject([
    { id: "fault", status: "fail", saw: "line 2 is damaged", mend: "restore it" },
    { id: "bug", status: "fail", saw: "the moon: unexpected TypeError" },
  ]);
  expect(JSON.stringify(findings)).not.toContain("secret");
});
