import { KeysError } from "../errors.ts";

/** Wraps an error that no code of ours threw on purpose. */
export function unexpected(error: unknown): KeysError {
  const message = error instanceof Error ? `unexpected ${error.name}: ${error.message}` : "unexpected failure";
  return new KeysError("BUG", message, { cause: error });
}
