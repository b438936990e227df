import { expect, test } from "vitest";
import { CHECKS } from "../../src/probe/index.ts";
import { GROUPS } from "../../src/probe/check.ts";
import { BROKEN } from "./door/broken.ts";
import { startDoor } from "./door/door.ts";
import { caughtIn, probeAt } from "./door/probing.ts";
import { during, SECOND_TOKEN, TOKEN } from "./verifying.ts";

const KEYS = [TOKEN.reveal(), SECOND_TOKEN.reveal()];

test("every check has an id of its own and stands in its group", () => {
  const ids = CHECKS.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.filter((id) => !/^[a-z]+(-[a-z0-9]+)+$|^reachable$/.test(id))).toEqual([]);
  const order = CHECKS.map(({ group }) => GROUPS.indexOf(group));
  expect(order).toEqual([...order].sort((a, b) => a - b));
});

test("every check is seen to fail at a server that makes the mistake it is named for", () => {
  const named = new Set(BROKEN.map(({ caught }) => caught[0]));
  expect(CHECKS.map(({ id }) => id).filter((id) => !named.has(id))).toEqual([]);
});

test.each(BROKEN.map((broken) => [broken.mistake, broken] as const))(
  "a server that %s is caught",
  async (_, broken) => {
    const starting = broken.start === undefined ? startDoor([...KEYS], broken.make?.()) : broken.start();
    const { url } = await during(starting);
    const report = await probeAt(url, broken.options);
    expect(caughtIn(report).sort()).toEqual([...broken.caught].sort());
  },
);

test.each([
  ["of both eras", {}],
  ["of the newest era", { eras: "modern" }],
  ["with sessions", { eras: "legacy", stateful: true }],
  ["without sessions", { eras: "legacy" }],
  ["of HTTP+SSE", { eras: "sse" }],
] as const)("a server %s that does everything right gets A+, and sends no more than was said", async (_, mistake) => {
  const { url } = await during(startDoor([...KEYS], mistake));
  let most = { requests: 0, wrong: 0 };
  const report = await probeAt(url, { onPlan: (plan) => (most = plan) });
  expect(caughtIn(report)).toEqual([]);
  expect(report).toMatchObject({ ok: true, result: "shut", grade: "A+" });
  expect(report.sent.requests).toBeLessThanOrEqual(most.requests);
  expect(report.sent.wrong).toBeLessThanOrEqual(most.wrong);
});
