/**
 * Requirement level of the rule that a check tests (RFC 2119). A broken MUST fails, a broken SHOULD warns, an ignored MAY is only noted.
 * @example
 * ```ts
 * import type { Level } from "mcp-keys";
 *
 * const severity = { must: "error", should: "warning", may: "note" } as const satisfies Record<Level, string>;
 * ```
 */
export type Level = "must" | "should" | "may";

/** Result of one check. */
export type CheckResult = Judged | Untestable;

/** The server passed or failed. */
export interface Judged extends CheckDetails {
  readonly pass: boolean;
  /** The observation in one line without a full stop. */
  readonly observed: string;
}

/** What a report adds to the observation. */
export interface CheckDetails {
  /** How to fix this server, if the fix of the check is too general. */
  readonly fix?: string;
  /** How much it matters on this server, if less than usually. */
  readonly level?: Level;
  /** What was tried, and what answered. */
  readonly tried?: readonly Tried[];
}

/**
 * One thing that a check tried, and the answer. Contains no secret.
 * @example
 * ```ts
 * import type { Tried } from "mcp-keys";
 *
 * const line = ({ what, answer }: Tried): string => `${answer}  ${what}`;
 * ```
 */
export interface Tried {
  /** What was sent, completing "answered … to …": `a bogus key`. */
  readonly what: string;
  /** `accepted (200)`, the status of a refusal, or why there was no answer. */
  readonly answer: string;
  /** The request as text, if it shows the fault. A key is only named: `Authorization: Bearer <your key>`. */
  readonly sent?: string;
  /** The answer to it: status, telling headers and the start of the body. */
  readonly received?: string;
}

/** The check could prove nothing, and why. */
export interface Untestable {
  readonly untestable: string;
}

export function pass(observed: string, details: CheckDetails = {}): CheckResult {
  return { ...details, pass: true, observed };
}

export function fail(observed: string, details: CheckDetails = {}): CheckResult {
  return { ...details, pass: false, observed };
}

export function untestable(reason: string): Untestable {
  return { untestable: reason };
}

/**
 * Upper bound of the requests that a check or a step sends.
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
  /** How many of them do not present the valid key in its header; only these are rate-limited. */
  readonly wrong: number;
}

/** Sums up costs. */
export function addCosts(costs: readonly Cost[]): Cost {
  const sum = { requests: 0, wrong: 0 };
  for (const { requests, wrong } of costs) {
    sum.requests += requests;
    sum.wrong += wrong;
  }
  return sum;
}

/** Returns what is left of a cost without a part of it. */
export function subtractCost(whole: Cost, part: Cost): Cost {
  return { requests: whole.requests - part.requests, wrong: whole.wrong - part.wrong };
}
