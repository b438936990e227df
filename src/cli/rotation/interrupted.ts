import { KeysError } from "../../errors.ts";

/** Code of a step's error → whether the token certainly did not arrive. */
const NOT_ARRIVED: readonly unknown[] = ["DELIVERY_FAILED", "OUTPUT_FAILED"];

/**
 * Says in which step a rotation was interrupted, what that leaves, and what to do next.
 * @param steps - the steps that began, each as its name, a colon and more
 * @param error - what the interrupted step threw; `null` if the rotation finished
 */
export function interruptedIn(steps: readonly string[], error: unknown): KeysError {
  const names = steps.map((step) => step.replace(/:.*/s, ""));
  const [state, hint] = describeState(names, error);
  const where = names.length === 0 ? "before the first step" : `in the step "${names.at(-1) ?? ""}"`;
  const message = error === null ? `interrupted, but ${state}` : `interrupted ${where}: ${state}`;
  return new KeysError("INTERRUPTED", message, { cause: error, ...(hint !== undefined && { hint }) });
}

function describeState(names: readonly string[], error: unknown): [state: string, hint?: string] {
  if (error === null) return ["the rotation is done", "nothing is left to do"];
  if (names.includes("promote")) {
    const isPublishing = error instanceof KeysError && error.code === "PUBLISH_FAILED";
    const state = "the new version is current, but servers that read a keyset may not know when the old token ends";
    return isPublishing ? [state, error.hint] : ["the new version may be current, and both tokens work"];
  }
  if (!names.includes("stage")) return ["nothing was changed", "run the same command again"];
  const isUndelivered = names.at(-1) === "deliver" && error instanceof KeysError && NOT_ARRIVED.includes(error.code);
  if (!names.includes("deliver") || isUndelivered) {
    return ["the new token was not delivered, and the old one stays current", "run the same command again"];
  }
  // The last destination had it.
  const isComplete = error instanceof KeysError && error.code === "INTERRUPTED";
  const hasArrived = names.at(-1) === "deliver" && !isComplete ? "may have arrived" : "was delivered";
  return [`the new token ${hasArrived}, and both tokens work`];
}
