/** Result of one check: whether the server passed, and the observation in one line without a full stop. */
export type CheckResult = { readonly pass: boolean; readonly observed: string } | Untestable;

/** The check could prove nothing, and why. */
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
