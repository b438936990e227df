import type { About, Group, Level } from "./check.ts";
import type { Grade } from "./grade.ts";
import type { Era } from "./verification.ts";

/** `pass` · `fail`: a MUST is broken · `warn`: a SHOULD is · `info`: a MAY is · `untestable`: nothing could be proven. */
export const STATUSES = ["pass", "fail", "warn", "info", "untestable"] as const;
export type FindingStatus = (typeof STATUSES)[number];

/** What became of one check. Holds no token, whatever the server echoed. */
export interface Finding {
  /** Of the check, the same whether it passed or failed. */
  readonly id: string;
  readonly group: Group;
  readonly about: About;
  readonly level: Level;
  readonly status: FindingStatus;
  readonly expects: string;
  /** What was seen, or why nothing could be. */
  readonly saw: string;
  /** Address of the rule. */
  readonly source: string;
  readonly mend: string;
  /** Milliseconds the check took. */
  readonly ms: number;
}

/** `shut` · `open`: a check of the door failed · `unproven`: not reached, not MCP, key refused, or stopped by a limit. */
export type Result = "shut" | "open" | "unproven";

/** The document `test --json` prints, without `schemaVersion`. */
export interface Report {
  readonly url: string;
  /** The exit status would be 0: the door is shut, and with `strict` no manners failed or warned. */
  readonly ok: boolean;
  readonly result: Result;
  /** `null` where the door could not be tried to the end. */
  readonly grade: Grade | null;
  readonly server?: { readonly name: string; readonly version: string };
  /** What the server speaks to the key. */
  readonly eras: readonly { readonly era: Era; readonly protocolVersion: string }[];
  /** What was sent. */
  readonly sent: { readonly requests: number; readonly wrong: number };
  readonly counts: Readonly<Record<FindingStatus, number>>;
  readonly findings: readonly Finding[];
  /** Why it is `unproven`, or what else to say about the whole. One line. */
  readonly hint?: string;
}
