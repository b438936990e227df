/** Outcome of one check: whether the server passed and what was observed, in one line without a full stop. */
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
