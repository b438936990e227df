import type { Verdict } from "../../core/judge.ts";
import { KeysError } from "../../errors.ts";
import type { Requirements, Verifier } from "./verifier.ts";

/** Verifies the token of a request. */
export type VerifyToken = (requirements: Requirements) => Verdict;

/**
 * Verifies the token of a request. If memory is too old, as after a process was suspended, reads the store once and tries again;
 * only then is the result a promise. Returns errors instead of throwing them.
 */
export function verifyFresh(
  verifier: Verifier,
  verify: VerifyToken,
  requirements: Requirements,
): Verdict | KeysError | Promise<Verdict | KeysError> {
  try {
    return verify(requirements);
  } catch (cause) {
    return isUnavailable(cause) ? verifyAgain(verifier, () => verify(requirements), cause) : asFault(cause);
  }
}

async function verifyAgain(verifier: Verifier, verify: () => Verdict, cause: unknown): Promise<Verdict | KeysError> {
  try {
    return (await verifier.refresh()) ? verify() : asFault(cause);
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
