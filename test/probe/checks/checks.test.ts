import { expect, test } from "vitest";
import { CHECKS } from "../../../src/probe/index.ts";
import { inRunningOrder, MOST_TELLING } from "../../../src/probe/running-order.ts";
import { GROUPS } from "../../../src/probe/check.ts";
import type { Cost } from "../../../src/probe/check-result.ts";
import type { Report } from "../../../src/probe/report/report.ts";
import { BROKEN_SERVERS } from "../servers/broken.ts";
import { startServer } from "../servers/configurable-server.ts";
import { caughtIn, probeAt, USUAL } from "../servers/probing.ts";
import { CORRECT_SERVERS, type CorrectServer } from "../servers/correct.ts";
import { during, SECOND_TOKEN, TOKEN } from "../verify/verifying.ts";

const KEYS = [TOKEN.reveal(), SECOND_TOKEN.reveal()];

test("check ids are unique, and checks run in the order of their groups", () => {
  const ids = CHECKS.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.filter((id) => !/^[a-z]+(-[a-z0-9]+)+$|^reachable$/.test(id))).toEqual([]);
  const order = CHECKS.map(({ group }) => GROUPS.indexOf(group));
  expect(order).toEqual([...order].sort((a, b) => a - b));
});

test("the checks that tell most run first, and all others in the order of the report", () => {
  const running = inRunningOrder(CHECKS);
  expect(running.slice(0, 4).map(({ id }) => id)).toEqual([
    ...["requires-key", "rejects-bogus-key", "rejects-wrong-secret", "rejects-changed-key"],
  ]);
  expect(running.slice(0, MOST_TELLING.length)).toEqual(MOST_TELLING);
  expect(MOST_TELLING.filter(({ about, level }) => about !== "access" || level !== "must")).toEqual([]);
  expect(running.slice(MOST_TELLING.length)).toEqual(CHECKS.filter((check) => !MOST_TELLING.includes(check)));
});

test("every check has a server with the mistake it is named for", () => {
  const named = new Set([...BROKEN_SERVERS.map(({ caught }) => caught[0]), USUAL]);
  expect(CHECKS.map(({ id }) => id).filter((id) => !named.has(id))).toEqual([]);
});

/** Faults that come without a request and its answer: access check → what is observed. */
const WITHOUT_EVIDENCE: Readonly<Record<string, RegExp>> = {
  // The answer contains what does not belong in a report.
  "hides-valid-key": /^(?:a part|its digest), in the /,
  // Found in the key itself, without a request.
  "rejects-default-key": /^your key is signed with a default secret /,
};

/** Returns the access faults that show no request and answer. */
function faultsWithoutEvidence({ findings }: Report): string[] {
  // A default secret is found by signing with it, without a request.
  const faults = findings.filter(({ about, status, observed }) => {
    return about === "access" && status === "fail" && !observed.startsWith("your key is signed with a default secret");
  });
  const bare = faults.filter(({ tried = [] }) => !tried.some(({ sent, received }) => sent && received));
  return bare.filter(({ id, observed }) => WITHOUT_EVIDENCE[id]?.test(observed) !== true).map(({ id }) => id);
}

// Concurrent, because most of the time goes into waiting for clocks and timeouts.
test.concurrent.for(BROKEN_SERVERS.map((broken) => [broken.mistake, broken] as const))(
  "catches a server that %s",
  { timeout: 60_000 },
  async ([, broken], { onTestFinished }) => {
    const starting = broken.start === undefined ? startServer([...KEYS], broken.make?.()) : broken.start();
    const { url } = await during(starting, onTestFinished);
    const report = await probeAt(url, broken.options);
    expect(caughtIn(report).sort()).toEqual([...broken.caught].sort());
    const first = report.findings.find(({ id }) => id === broken.caught[0]);
    if (broken.culprit !== undefined) expect(first?.observed).toMatch(broken.culprit);
    expect(faultsWithoutEvidence(report)).toEqual([]);
  },
);

/** The reports on correct servers with the announced maximum of requests, shared by the tests. */
const probed = new Map<CorrectServer, Promise<{ report: Report; most: Cost }>>();

function probeOnce(correct: CorrectServer): Promise<{ report: Report; most: Cost }> {
  const known = probed.get(correct) ?? probeCorrectServer(correct);
  probed.set(correct, known);
  return known;
}

async function probeCorrectServer({ start, make, options }: CorrectServer): Promise<{ report: Report; most: Cost }> {
  const server = await (start?.() ?? startServer([...KEYS], make?.()));
  let most: Cost = { requests: 0, wrong: 0 };
  const report = await probeAt(server.url, { ...options, onPlan: (plan) => (most = plan) });
  await server.close();
  return { report, most };
}

test.concurrent.each(CORRECT_SERVERS.map((correct) => [correct.kind, correct] as const))(
  "gives A+ to a server %s, and sends no more requests than announced",
  async (_, correct) => {
    const { report, most } = await probeOnce(correct);
    expect(caughtIn(report)).toEqual([]);
    expect(report).toMatchObject({ ok: true, result: "protected", grade: "A+" });
    expect(report.sent.requests).toBeLessThanOrEqual(most.requests);
    expect(report.sent.wrong).toBeLessThanOrEqual(most.wrong);
  },
  60_000,
);

test("every check passes on a correct server", async () => {
  const reports = await Promise.all(CORRECT_SERVERS.map(probeOnce));
  const findings = reports.flatMap(({ report }) => report.findings);
  const passed = new Set(findings.filter(({ status }) => status === "pass").map(({ id }) => id));
  expect(CHECKS.map(({ id }) => id).filter((id) => !passed.has(id))).toEqual([]);
});

test("a server of the modern era, whose handshake no key opens, is asked with the key in the body too", async () => {
  const modern = CORRECT_SERVERS.find(({ kind }) => kind === "that speaks only the modern era");
  if (modern === undefined) throw new Error("there is no such server");
  const { report } = await probeOnce(modern);
  expect(report.findings.find(({ id }) => id === "rejects-key-in-body")).toMatchObject({ status: "pass" });
});
