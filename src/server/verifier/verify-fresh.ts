import type { Verdict } from "../../core/judge.ts";
import { KeysError } from "../../errors.ts";
import type { Asked, Verifier } from "./verifier.ts";

/** A look at the one token of a request. */
export type Judge = (asked: Asked) => Verdict;

/**
 * Judges what is asked, and turns what is thrown into a value. In a process that was frozen memory is old though nothing is wrong, so it
 * looks at the store once before it gives up; only then is the answer a promise. Never throws, never rejects.
 */
export function judgeFresh(
  verifier: Verifier,
  judge: Judge,
  asked: Asked,
): Verdict | KeysError | Promise<Verdict | KeysError> {
  try {
    return judge(asked);
  } catch (cause) {
    return isUnavailable(cause) ? judgeAgain(verifier, () => judge(asked), cause) : asFault(cause);
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

/** What was thrown, as a fault of ours. */
export function asFault(cause: unknown): KeysError {
  return cause instanceof KeysError ? cause : new KeysError("BUG", "the guard failed", { cause });
}

function isUnavailable(cause: unknown): boolean {
  return cause instanceof KeysError && cause.code === "STORE_UNAVAILABLE";
}
