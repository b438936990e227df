import type { CheckResult, Cost, Level } from "./check-result.ts";
import type { Need } from "./target/need.ts";
import type { Target } from "./target/target.ts";

/**
 * The subject of a check. `access`: who gets in, and what leaks. `conformance`: how the server answers. Only failed access checks
 * decide the exit status, unless the run is strict.
 * @example
 * ```ts
 * import type { About, Report } from "mcp-keys";
 *
 * const failed = ({ findings }: Report, about: About): string[] =>
 *   findings.filter((each) => each.about === about && each.status === "fail").map(({ id }) => id);
 * ```
 */
export type About = "access" | "conformance";

/** Groups of checks, in running order. */
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
 * A group of checks.
 * @example
 * ```ts
 * import type { Finding, Group } from "mcp-keys";
 *
 * const inGroup = (findings: readonly Finding[], group: Group): Finding[] => findings.filter((each) => each.group === group);
 * ```
 */
export type Group = (typeof GROUPS)[number];

/** Heading for the checks of each group. */
export const GROUP_TITLES: Readonly<Record<Group, string>> = {
  transport: "transport",
  acceptance: "accepts a valid key",
  rejection: "rejects everything else",
  responses: "answers refusals correctly",
  session: "sessions",
  browser: "browsers",
  lifecycle: "new, revoked and expired keys",
  leaks: "information leaks",
};

/**
 * One expectation of a server. `T` is the server under test: a {@link Target} over HTTP, or a program over stdio.
 *
 * To add a check, write its file in `checks/` and add a line to `index.ts`. The tests then require a server that passes it and
 * a server with the fault it is named after, see `docs/adding.md`.
 */
export interface Check<T = Target> {
  /** What a correct server does, in kebab-case: `requires-key`. */
  readonly id: string;
  readonly group: Group;
  readonly about: About;
  readonly level: Level;
  /** One sentence, lowercase, without a full stop. */
  readonly expected: string;
  /** The source of the rule. */
  readonly source: URL;
  /** How to fix the server: one sentence, lowercase, without a full stop. */
  readonly fix: string;
  /** Preconditions. If one is not met, the finding is untestable and nothing is sent. */
  readonly needs?: readonly Need[];
  /** If this check is untestable, the whole run is inconclusive and ends with exit code 7. */
  readonly essential?: true;
  /**
   * Upper bound, as if no other check had asked the same before. Excludes the shared `CONTROLS_COST`. Checks that share requests have
   * the same object here.
   */
  readonly cost: Cost;
  /** The part of `cost` that is sent once for all checks that name the same object. */
  readonly shared?: Cost;
  /**
   * Runs the check. Everything the server does becomes a {@link CheckResult}. If this throws a `KeysError` with
   * `SERVER_UNREACHABLE` or `SERVER_NOT_MCP`, the finding is untestable. Text from the server goes through `target.redact`.
   */
  run(target: T): Promise<CheckResult>;
}
