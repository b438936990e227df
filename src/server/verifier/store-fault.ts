import { KeysError } from "../../errors.ts";

/** Returns what a store threw as a `KeysError`. */
export function asStoreFault(cause: unknown): KeysError {
  if (cause instanceof KeysError) return cause;
  return new KeysError("STORE_UNAVAILABLE", "the store failed unexpectedly", { cause });
}

export function noAnswer(): KeysError {
  return new KeysError("STORE_UNAVAILABLE", "the store does not answer");
}

/** Returns whether an error says that this process may not write to the store, so that nothing was written. */
export function isForbidden(cause: unknown): boolean {
  if (cause instanceof KeysError && cause.code === "STORE_READ_ONLY") return true;
  if (!(cause instanceof Error)) return false;
  const { code } = cause as NodeJS.ErrnoException;
  return code === "EACCES" || code === "EPERM" || code === "EROFS" || isForbidden(cause.cause);
}
