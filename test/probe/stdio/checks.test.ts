import { describe, expect, test } from "vitest";
import { GROUPS } from "../../../src/probe/check.ts";
import { STDIO_CHECKS } from "../../../src/probe/stdio/index.ts";
import { caughtIn } from "../servers/probing.ts";
import { TOKEN } from "../verify/verifying.ts";
import { BROKEN_PROGRAMS, CORRECT_PROGRAMS } from "./broken.ts";
import { probeProgram } from "./probing.ts";

test("check ids are unique, and checks run in the order of their groups", () => {
  const ids = STDIO_CHECKS.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  const order = STDIO_CHECKS.map(({ group }) => GROUPS.indexOf(group));
  expect(order).toEqual([...order].sort((a, b) => a - b));
});

test("every check has a program with the mistake it is named for", () => {
  const named = new Set(Object.values(BROKEN_PROGRAMS).map(([first]) => first));
  expect(STDIO_CHECKS.map(({ id }) => id).filter((id) => !named.has(id))).toEqual([]);
});

/** Expects no piece of the secret in the report. */
function expectNoSecret(report: object): void {
  const secret = TOKEN.reveal().slice(-49);
  const pieces = Array.from({ length: 42 }, (_, i) => secret.slice(i, i + 8));
  expect(pieces.filter((piece) => JSON.stringify(report).includes(piece))).toEqual([]);
}

describe.concurrent("mcp-keys test --stdio", () => {
  test.each(Object.entries(BROKEN_PROGRAMS))(
    "catches a program that %s",
    async (mistake, caught) => {
      const report = await probeProgram(mistake, mistake.startsWith("hangs") ? { timeoutMs: 4000 } : {});
      expect(caughtIn(report).sort()).toEqual([...caught].sort());
      expectNoSecret(report);
    },
    // A program that hangs costs four times its timeout.
    60_000,
  );

  test.each(CORRECT_PROGRAMS)(
    "gives A+ to a correct program (%s), and starts it no more often than announced",
    async (name) => {
      let most = { requests: 0, wrong: 0 };
      const report = await probeProgram(name, { onPlan: (plan) => (most = plan) });
      expect(caughtIn(report)).toEqual([]);
      expect(report).toMatchObject({ ok: true, result: "protected", grade: "A+", counts: { untestable: 0 } });
      expect(report.sent.requests).toBeLessThanOrEqual(most.requests);
      expect(report.sent.wrong).toBeLessThanOrEqual(most.wrong);
      expectNoSecret(report);
    },
  );
});
