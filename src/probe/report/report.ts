import type { About, Group, Level } from "../check.ts";
import type { Grade } from "./grade.ts";
import type { Era } from "../verify/verification.ts";

/** `pass` · `fail`: a MUST is broken · `warn`: a SHOULD is · `info`: a MAY is · `untestable`: nothing could be proven. */
export const STATUSES = ["pass", "fail", "warn", "info", "untestable"] as const;
/**
 * The status of a finding.
 * @example
 * ```ts
 * import type { FindingStatus } from "mcp-keys";
 *
 * const failsTheBuild = (status: FindingStatus): boolean => status === "fail" || status === "warn";
 * ```
 */
export type FindingStatus = (typeof STATUSES)[number];

/**
 * What became of one check. Holds no token, whatever the server echoed.
 * @example
 * ```ts
 * import type { Finding } from "mcp-keys";
 *
 * const describe = ({ id, expected, observed, fix }: Finding): string =>
 *   `${id}: expected ${expected}, observed ${observed}; to fix it, ${fix}`;
 * ```
 */
export interface Finding {
  /** Of the check, the same whether it passed or failed. */
  readonly id: string;
  readonly group: Group;
  readonly about: About;
  readonly level: Level;
  readonly status: FindingStatus;
  readonly expected: string;
  /** What was seen, or why nothing could be. */
  readonly observed: string;
  /** Address of the rule. */
  readonly source: string;
  readonly fix: string;
  /** Milliseconds the check took. */
  readonly ms: number;
  /** It stands in the baseline, and does not count. */
  readonly known?: true;
}

/**
 * `shut` · `open`: somebody gets in who should not, or something leaks · `partial`: nothing of the kind, but not every check of
 * the door was asked for · `unproven`: not reached, not MCP, key refused, or stopped by a limit.
 * @example
 * ```ts
 * import type { Result } from "mcp-keys";
 *
 * const isConclusive = (result: Result): boolean => result === "protected" || result === "unprotected";
 * ```
 */
export type Result = "protected" | "unprotected" | "partial" | "inconclusive";

/**
 * The document `test --json` prints, without `schemaVersion`.
 * @example
 * ```ts
 * import type { Report } from "mcp-keys";
 *
 * const summary = ({ url, result, grade, counts }: Report): string =>
 *   `${url}: ${result}, grade ${grade ?? "none"}, ${counts.fail} failed`;
 * ```
 */
export interface Report {
  readonly url: string;
  /** The exit status is 0: nothing that counts was found, and all could be asked. */
  readonly ok: boolean;
  readonly result: Result;
  /** Your key was let in from the beginning to the end, and nothing stopped the run; without that a refusal proves nothing. */
  readonly proven: boolean;
  /** `null` where the door could not be tried, or only a part of it was. */
  readonly grade: Grade | null;
  readonly server?: { readonly name: string; readonly version: string };
  /** What the server speaks to the key. */
  readonly eras: readonly { readonly era: Era; readonly protocolVersion: string }[];
  /** What was sent. */
  readonly sent: { readonly requests: number; readonly wrong: number };
  readonly counts: Readonly<Record<FindingStatus, number>>;
  readonly findings: readonly Finding[];
  /** Why it is not proven. One line. */
  readonly hint?: string;
}
