import { expect, test } from "vitest";
import { runConformance, type Results } from "./conformance.ts";
import { startGuarded, startKeyed, startOpen, type Generation } from "./server.ts";

interface Leg {
  readonly generation: Generation;
  readonly revision: "2025-11-25" | "2026-07-28";
  /** Scenarios for features that the server does not have. It fails them with and without a guard. */
  readonly unsupported: readonly string[];
}

/** Forms and a tool with particular schemas. */
const SCHEMAS = ["elicitation-sep1034-defaults", "elicitation-sep1330-enums", "json-schema-2020-12"];

const LEGS: readonly Leg[] = [
  { generation: "v1", revision: "2025-11-25", unsupported: SCHEMAS },
  {
    ...{ generation: "v2", revision: "2025-11-25" },
    // In this era it has no sessions, so it cannot send requests or later notifications to the client.
    unsupported: [
      ...SCHEMAS,
      ...["resources-subscribe", "resources-unsubscribe", "server-session-lifecycle", "server-sse-multiple-streams"],
      ...["server-sse-polling", "tools-call-elicitation", "tools-call-sampling"],
    ],
  },
  {
    ...{ generation: "v2", revision: "2026-07-28" },
    unsupported: [
      // Tools that ask for input.
      ...["basic-elicitation", "basic-list-roots", "basic-sampling", "capability-check", "ignore-extra-params"]
        .concat(["missing-input-response", "multi-round", "multiple-input-requests", "non-tool-request"])
        .concat(["request-state", "result-type", "tampered-state"])
        .map((name) => `input-required-result-${name}`),
      // A tool with header arguments, and one with a particular schema.
      ...["http-custom-header-server-validation", "json-schema-2020-12"],
    ],
  },
];

test.each(LEGS.map((leg) => [leg.generation, leg.revision, leg] as const))(
  "%s passes the same scenarios of the %s suite with and without our guard",
  async (generation, revision, { unsupported }) => {
    const suite = ["--suite", "all", "--spec-version", revision];
    const guarded = await startGuarded(generation);
    const keyed = await startKeyed(guarded, guarded.token);
    const through = await runConformance(keyed.url, suite);

    const open = await startOpen(generation);
    const without = await runConformance((await startKeyed(open, "unused")).url, suite);
    print(`${generation} ${revision}`, through.results, without.results);

    expect(Object.fromEntries(through.results)).toEqual(Object.fromEntries(without.results));
    const failing = [...through.results.keys()].filter((scenario) => !passes(through.results, scenario));
    expect(failing.sort()).toEqual([...unsupported].sort());
    expect(through.results.size).toBeGreaterThan(30);

    // Every request passed the guard, except the one that the server rejected first because of its `Host`.
    const { accepted, refused } = guarded.verifier.counters;
    expect(accepted).toBe(keyed.passed() - 1);
    expect(Object.values(refused).every((count) => count === 0)).toBe(true);
  },
);

test.each(LEGS.map((leg) => [leg.generation, leg.revision] as const))(
  "%s with our guard passes no scenario of the %s suite without a key",
  async (generation, revision) => {
    const guarded = await startGuarded(generation);
    const { status, results } = await runConformance(guarded.url, ["--suite", "all", "--spec-version", revision]);
    expect(status).toBe(1);
    expect(results.size).toBeGreaterThan(30);
    expect([...results.keys()].filter((scenario) => passes(results, scenario))).toEqual([]);
    const { accepted, refused } = guarded.verifier.counters;
    expect(accepted).toBe(0);
    expect(refused.missing).toBeGreaterThan(30);
  },
);

/** Tells whether at least one check succeeded and none failed. */
function passes(results: Results, scenario: string): boolean {
  const checks = results.get(scenario) ?? [];
  return (
    checks.some((check) => check.endsWith(" SUCCESS")) && !checks.some((check) => / (FAILURE|WARNING)$/.test(check))
  );
}

function print(title: string, guarded: Results, open: Results): void {
  const count = (results: Results, scenario: string): string => {
    const checks = (results.get(scenario) ?? []).filter((check) => / (SUCCESS|FAILURE|WARNING)$/.test(check));
    return `${checks.filter((check) => check.endsWith(" SUCCESS")).length}/${checks.length}`;
  };
  const rows = [...new Set([...guarded.keys(), ...open.keys()])].sort().map((scenario) => {
    return `${scenario.padEnd(46)} ${count(guarded, scenario).padStart(8)} ${count(open, scenario).padStart(8)}`;
  });
  console.log(`${`${title}: checks passed`.padEnd(46)}  guarded     open\n${rows.join("\n")}`);
}
