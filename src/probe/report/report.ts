import type { About, Group } from "../check.ts";
import type { Level } from "../check-result.ts";
import type { Tried } from "../check-result.ts";
import type { Figures } from "./figures.ts";
import type { ServerFramework } from "./framework.ts";
import type { Grade } from "./grade.ts";
import type { Era } from "../mcp/conversation.ts";

/** `pass` · `fail`: a MUST is broken · `warn`: a SHOULD is broken · `info`: a MAY is not followed · `untestable`: no result. */
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
 * The result of one check. Never contains a token, even if the server echoed one.
 * @example
 * ```ts
 * import type { Finding } from "mcp-keys";
 *
 * const describe = ({ id, expected, observed, fix }: Finding): string =>
 *   `${id}: expected ${expected}, observed ${observed}; to fix it, ${fix}`;
 * ```
 */
export interface Finding {
  /** The id of the check. */
  readonly id: string;
  readonly group: Group;
  readonly about: About;
  readonly level: Level;
  readonly status: FindingStatus;
  /** What a correct server does. */
  readonly expected: string;
  /** What this server did, or why the check could not be tested. */
  readonly observed: string;
  /** URL of the rule. */
  readonly source: string;
  /** How to fix the server. */
  readonly fix: string;
  /** Weaknesses that the check is about, and advisories of servers that had this fault: `CWE-287`, `MCP07:2025`, `CVE-2026-82456`. */
  readonly references: readonly string[];
  /** Milliseconds the check took. */
  readonly ms: number;
  /** What the check tried, and what answered. */
  readonly tried?: readonly Tried[];
  /** Whether the baseline already has this finding. If it does, it does not count. */
  readonly known?: true;
}

/**
 * `protected`: every access check ran and none is broken · `unprotected`: the server accepts what it should reject, or leaks a
 * key · `partial`: no access check is broken, but some were not selected · `inconclusive`: the server was not reached, does not
 * speak MCP, rejected the key, or stopped the run with a rate limit.
 * @example
 * ```ts
 * import type { Result } from "mcp-keys";
 *
 * const isConclusive = (result: Result): boolean => result === "protected" || result === "unprotected";
 * ```
 */
export type Result = "protected" | "unprotected" | "partial" | "inconclusive";

/**
 * The document printed by `test --json`, without `schemaVersion`.
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
  /** Whether the exit status is 0: the run is conclusive and no finding counts. */
  readonly ok: boolean;
  readonly result: Result;
  /** Whether the server accepted your key from start to end and nothing stopped the run. Otherwise rejections prove nothing. */
  readonly proven: boolean;
  /** `null` if the result is `inconclusive` or `partial`. */
  readonly grade: Grade | null;
  readonly server?: { readonly name: string; readonly version: string };
  /** What the server seems to be made with. */
  readonly framework?: ServerFramework;
  /** The protocol versions that the server speaks with your key. */
  readonly eras: readonly { readonly era: Era; readonly protocolVersion: string }[];
  /** Number of requests, and how many of them did not present the valid key in its header. */
  readonly sent: { readonly requests: number; readonly wrong: number };
  /** Only of a test with a store. */
  readonly figures?: Figures;
  readonly counts: Readonly<Record<FindingStatus, number>>;
  readonly findings: readonly Finding[];
  /** Why the run is inconclusive. One line. */
  readonly hint?: string;
}

/** Renders a report as text, with a newline at the end. Escapes everything from the server. */
export type RenderReport = (report: Report, options: RenderReportOptions) => string;

export interface RenderReportOptions {
  /** The version of mcp-keys. */
  readonly version: string;
  /** Whether broken conformance checks make the run fail. */
  readonly strict: boolean;
}
