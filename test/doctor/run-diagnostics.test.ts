import { expect, test } from "vitest";
import type { DiagnosticContext } from "../../src/doctor/context.ts";
import type { Diagnostic, Observation } from "../../src/doctor/diagnostic.ts";
import { runDiagnostics } from "../../src/doctor/run-diagnostics.ts";
import { KeysError } from "../../src/errors.ts";

const context = { onProgress: () => () => undefined } as unknown as DiagnosticContext;

function aDiagnostic(run: () => Promise<readonly Observation[]>, exit: Diagnostic["exit"] = 6): Diagnostic {
  return { about: "the moon", exit, run };
}

const found = (status: Observation["status"], exit: Diagnostic["exit"] = 6) =>
  aDiagnostic(async () => [{ status, observed: "a thing" }], exit);

test("returns findings in the order of the diagnostics and counts them", async () => {
  const slow = aDiagnostic(async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return [{ status: "warn", observed: "late" }];
  });
  const report = await runDiagnostics(context, { slow, none: aDiagnostic(async () => []), quick: found("pass") });
  expect(report).toEqual({
    ok: true,
    exit: 0,
    counts: { pass: 1, warn: 1, fail: 0, info: 0 },
    findings: [
      { id: "slow", status: "warn", observed: "late" },
      { id: "quick", status: "pass", observed: "a thing" },
    ],
  });
});

test.each<[wanted: number, diagnostics: readonly Diagnostic[]]>([
  [0, []],
  [0, [found("pass", 6), found("warn", 4), found("info", 2)]],
  [2, [found("fail", 2), found("warn", 6)]],
  [4, [found("fail", 2), found("fail", 4)]],
  [6, [found("fail", 4), found("fail", 6), found("fail", 2)]],
])("the exit status is %d", async (wanted, diagnostics) => {
  const { exit, ok } = await runDiagnostics(
    context,
    Object.fromEntries(diagnostics.map((each, i) => [`e${String(i)}`, each])),
  );
  expect({ exit, ok }).toEqual({ exit: wanted, ok: wanted === 0 });
});

test("reports a diagnostic that never answers as failed, in time, and keeps the other findings", async () => {
  const hung = aDiagnostic(() => new Promise<never>(() => undefined));
  const at = performance.now();
  const { findings, exit } = await runDiagnostics(context, { hung, well: found("pass") }, 50);
  expect(performance.now() - at).toBeLessThan(2_000);
  expect(exit).toBe(6);
  expect(findings).toEqual([
    { id: "hung", status: "fail", observed: "the moon: no answer within 0.05 seconds" },
    { id: "well", status: "pass", observed: "a thing" },
  ]);
});

test("does not time out while a long history is being read", async () => {
  const listeners = new Set<() => void>();
  const progressing = {
    onProgress: (listener: () => void) => (listeners.add(listener), () => listeners.delete(listener)),
  } as unknown as DiagnosticContext;
  const long = aDiagnostic(async () => {
    for (let step = 0; step < 8; step++) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      for (const listener of listeners) listener();
    }
    return [{ status: "pass", observed: "all of it" }];
  });
  const { findings } = await runDiagnostics(progressing, { long }, 1_000);
  expect(findings).toEqual([{ id: "long", status: "pass", observed: "all of it" }]);
  expect(listeners.size).toBe(0);
});

test("reports a thrown KeysError with its hint, and any other error without its message", async () => {
  const fault = aDiagnostic(() =>
    Promise.reject(new KeysError("STORE_DAMAGED", "line 2 is damaged", { hint: "restore it" })),
  );
  const bug = aDiagnostic(() => Promise.reject(new TypeError("mcp_secret")));
  const { findings } = await runDiagnostics(context, { fault, bug });
  expect(findings).toMatchObject([
    { id: "fault", status: "fail", observed: "line 2 is damaged", fix: "restore it" },
    { id: "bug", status: "fail", observed: "the moon: unexpected TypeError" },
  ]);
  expect(JSON.stringify(findings)).not.toContain("secret");
});
