import type { Verdict } from "../../core/judge.ts";
import { KeysError } from "../../errors.ts";
import type { Requirements, Verifier } from "./verifier.ts";

/** Verifies the one token of a request. */
export type Judge = (requirements: Requirements) => Verdict;

/**
 * Runs `judge` and returns what it throws. If memory is too old, as in a process that was suspended, reads the store once and
 * tries again; only then is the result a promise. Never throws, never rejects.
 */
export function judgeFresh(
  verifier: Verifier,
  judge: Judge,
  requirements: Requirements,
): Verdict | KeysError | Promise<Verdict | KeysError> {
  try {
    return judge(requirements);
  } catch (cause) {
    return isUnavailable(cause) ? judgeAgain(verifier, () => judge(requirements), cause) : asFault(cause);
  }
}

async function judgeAgain(verifier: Verifier, judge: () => Verdict, cause: unknown): Promise<Verdict | KeysError> {
  try {
    await verifier.refresh();
    return verifier.ready ? judge() : asFault(cause);
  } catch (again) {
    return asFault(again);
  }
}

/** Returns a thrown value as a `KeysError`. */
export function asFault(cause: unknown): KeysError {
  return cause instanceof KeysError ? cause : new KeysError("BUG", "the guard failed", { cause });
}

function isUnavailable(cause: unknown): boolean {
  return cause instanceof KeysError && cause.code === "STORE_UNAVAILABLE";
}
