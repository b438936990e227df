import { expect, test } from "vitest";
import { CHECKS } from "../../../src/probe/index.ts";
import { GROUPS } from "../../../src/probe/check.ts";
import type { Cost } from "../../../src/probe/cost.ts";
import type { Report } from "../../../src/probe/report/report.ts";
import { BROKEN } from "../servers/broken.ts";
import { startServer } from "../servers/configurable-server.ts";
import { caughtIn, probeAt } from "../servers/probing.ts";
import { SOUND, type Sound } from "../servers/correct.ts";
import { during, SECOND_TOKEN, TOKEN } from "../verify/verifying.ts";

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
    const starting = broken.start === undefined ? startServer([...KEYS], broken.make?.()) : broken.start();
    const { url } = await during(starting);
    const report = await probeAt(url, broken.options);
    expect(caughtIn(report).sort()).toEqual([...broken.caught].sort());
  },
);

/** What was found at a server that does everything right, and the most that was announced; the same for every test. */
const found = new Map<Sound, Promise<{ report: Report; most: Cost }>>();

function findingsAt(sound: Sound): Promise<{ report: Report; most: Cost }> {
  const known = found.get(sound) ?? probeSound(sound);
  found.set(sound, known);
  return known;
}

async function probeSound({ start, make, options }: Sound): Promise<{ report: Report; most: Cost }> {
  const server = await (start?.() ?? startServer([...KEYS], make?.()));
  let most: Cost = { requests: 0, wrong: 0 };
  const report = await probeAt(server.url, { ...options, onPlan: (plan) => (most = plan) });
  await server.close();
  return { report, most };
}

test.each(SOUND.map((sound) => [sound.kind, sound] as const))(
  "a server %s that does everything right gets A+, and is sent no more than was said",
  async (_, sound) => {
    const { report, most } = await findingsAt(sound);
    expect(caughtIn(report)).toEqual([]);
    expect(report).toMatchObject({ ok: true, result: "protected", grade: "A+" });
    expect(report.sent.requests).toBeLessThanOrEqual(most.requests);
    expect(report.sent.wrong).toBeLessThanOrEqual(most.wrong);
  },
);

test("every check is seen to pass at a server that does everything right", async () => {
  const reports = await Promise.all(SOUND.map(findingsAt));
  const findings = reports.flatMap(({ report }) => report.findings);
  const passed = new Set(findings.filter(({ status }) => status === "pass").map(({ id }) => id));
  expect(CHECKS.map(({ id }) => id).filter((id) => !passed.has(id))).toEqual([]);
});
