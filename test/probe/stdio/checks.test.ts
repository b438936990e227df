import { describe, expect, test } from "vitest";
import { GROUPS } from "../../../src/probe/check.ts";
import { STDIO_CHECKS } from "../../../src/probe/stdio/index.ts";
import { caughtIn } from "../servers/probing.ts";
import { TOKEN } from "../verify/verifying.ts";
import { BROKEN, RIGHT } from "./broken.ts";
import { probeProgram } from "./probing.ts";

test("every check has an id of its own and stands in its group", () => {
  const ids = STDIO_CHECKS.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  const order = STDIO_CHECKS.map(({ group }) => GROUPS.indexOf(group));
  expect(order).toEqual([...order].sort((a, b) => a - b));
});

test("every check is seen to fail at a program that makes the mistake it is named for", () => {
  const named = new Set(Object.values(BROKEN).map(([first]) => first));
  expect(STDIO_CHECKS.map(({ id }) => id).filter((id) => !named.has(id))).toEqual([]);
});

/** No report holds a piece of the secret, whatever the program printed. */
function expectSilence(report: object): void {
  const secret = TOKEN.reveal().slice(-49);
  const pieces = Array.from({ length: 42 }, (_, i) => secret.slice(i, i + 8));
  expect(pieces.filter((piece) => JSON.stringify(report).includes(piece))).toEqual([]);
}

describe.concurrent("a program", () => {
  test.each(Object.entries(BROKEN))("that %s is caught", async (mistake, caught) => {
    const report = await probeProgram(mistake, mistake.startsWith("hangs") ? { timeoutMs: 4000 } : {});
    expect(caughtIn(report).sort()).toEqual([...caught].sort());
    expectSilence(report);
  });

  test.each(RIGHT)("that does it right (%s) gets A+, and is started no more often than was said", async (name) => {
    let most = { requests: 0, wrong: 0 };
    const report = await probeProgram(name, { onPlan: (plan) => (most = plan) });
    expect(caughtIn(report)).toEqual([]);
    expect(report).toMatchObject({ ok: true, result: "shut", grade: "A+", counts: { untestable: 0 } });
    expect(report.sent.requests).toBeLessThanOrEqual(most.requests);
    expect(report.sent.wrong).toBeLessThanOrEqual(most.wrong);
    expectSilence(report);
  });
});
