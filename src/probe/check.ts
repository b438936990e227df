import type { Need } from "./target/need.ts";
import type { Target } from "./target/target.ts";

/**
 * `door`: who gets in, and what leaks · `manners`: how the server says no. Only the door decides the exit status.
 * @example
 * ```ts
 * import type { About, Report } from "mcp-keys";
 *
 * const failed = ({ findings }: Report, about: About): string[] =>
 *   findings.filter((each) => each.about === about && each.status === "fail").map(({ id }) => id);
 * ```
 */
export type About = "access" | "conformance";

/**
 * The word of the rule (RFC 2119): a MUST that is broken fails, a SHOULD warns, a MAY informs.
 * @example
 * ```ts
 * import type { Level } from "mcp-keys";
 *
 * const severity = { must: "error", should: "warning", may: "note" } as const satisfies Record<Level, string>;
 * ```
 */
export type Level = "must" | "should" | "may";

/** Families of checks, in running order. */
export const GROUPS = [
  "transport",
  "acceptance",
  "rejection",
  "responses",
  "session",
  "browser",
  "lifecycle",
  "leaks",
] as const;
/**
 * The name of a family of checks.
 * @example
 * ```ts
 * import type { Finding, Group } from "mcp-keys";
 *
 * const inGroup = (findings: readonly Finding[], group: Group): Finding[] => findings.filter((each) => each.group === group);
 * ```
 */
export type Group = (typeof GROUPS)[number];

/**
 * The most a check sends.
 * @example
 * ```ts
 * import { probe, type Cost } from "mcp-keys";
 *
 * const onPlan = ({ requests, wrong }: Cost): void => console.error(`at most ${requests} requests, ${wrong} of them wrong`);
 * await probe({ url: "https://host.example/mcp", key: process.env["MCP_API_KEY"] ?? "", onPlan });
 * ```
 */
export interface Cost {
  readonly requests: number;
  /** Of those, how many do not present the right key where it belongs; these are slowed to the rate. */
  readonly wrong: number;
}

export function addCosts(costs: readonly Cost[]): Cost {
  const sum = { requests: 0, wrong: 0 };
  for (const { requests, wrong } of costs) {
    sum.requests += requests;
    sum.wrong += wrong;
  }
  return sum;
}

/**
 * One question to a server, whose answer is yes or no under one id. `S` is what is asked: a {@link Target} over HTTP, or a
 * program over stdio.
 *
 * To add one: its file in `checks/` and a line in `index.ts`; the tests ask for a server that passes and for one with the
 * mistake it is named for, see `docs/adding.md`.
 */
export interface Check<S = Target> {
  /** What holds when all is well, in kebab-case: `requires-key`. */
  readonly id: string;
  readonly group: Group;
  readonly about: About;
  readonly level: Level;
  /** One sentence, lower case, without a full stop. */
  readonly expected: string;
  /** Where the rule stands. */
  readonly source: URL;
  /** How to mend it: one sentence, lower case, without a full stop. */
  readonly fix: string;
  /** What must be there before it can be asked; without it the finding is untestable, and nothing is sent. */
  readonly needs?: readonly Need[];
  /** Without an answer to it nothing is proven about the door: untestable, the run ends with 7. */
  readonly essential?: true;
  /** Upper bounds; what other checks have asked already counts as well, but for `CONTROLS_COST`. */
  readonly cost: Cost;
  /**
   * Asks. Whatever the server does is a {@link CheckResult}; a `KeysError` `SERVER_UNREACHABLE` or `SERVER_NOT_MCP` thrown here
   * makes the finding untestable. No text of a sight quotes the server but through `site.clean`.
   */
  run(target: S): Promise<CheckResult>;
}

/** What a check saw, in one line without a full stop. */
export type CheckResult = { readonly pass: boolean; readonly observed: string } | Untestable;

/** Why nothing could be proven. */
export interface Untestable {
  readonly untestable: string;
}

export function pass(observed: string): CheckResult {
  return { pass: true, observed };
}

export function fail(observed: string): CheckResult {
  return { pass: false, observed };
}

export function untestable(reason: string): Untestable {
  return { untestable: reason };
}
