import { KeysError } from "../errors.ts";

/** Whether a delivery that failed with this error certainly did not arrive. */
export function isUndelivered(error: unknown): boolean {
  return error instanceof KeysError && (error.code === "DELIVERY_FAILED" || error.code === "OUTPUT_FAILED");
}

/** Says that a step failed before the delivery. */
export function beforeDelivery(error: unknown, hasOld: boolean): unknown {
  if (!(error instanceof KeysError)) return error;
  return extend(error, `the new token was not delivered${hasOld ? ", and the old one stays current" : ""}`);
}

/** These say themselves what became of the token. */
const COMPLETE: readonly unknown[] = ["STORE_CONFLICT", "WOULD_LOCK_OUT", "BUG"];

/** Says that the token works, although the store failed after its delivery: servers accept a pending version too. */
export function afterDelivery(error: unknown, name: string): unknown {
  if (!(error instanceof KeysError) || COMPLETE.includes(error.code)) return error;
  return new KeysError(error.code, `the token was delivered and works, but is not current yet: ${error.message}`, {
    cause: error,
    hint: `${error.hint}; then deliver a new token to the same destination: mcp-keys rotate ${name}`,
  });
}

/** Says that the rotation stands, although publishing failed after it. */
export function afterPromotion(error: unknown, name: string, n: number): unknown {
  if (!(error instanceof KeysError)) return error;
  const stands = `version ${String(n)} of ${name} is current, but its servers do not know when the old token ends`;
  return new KeysError(error.code, `${stands}: ${error.message}`, { cause: error, hint: error.hint });
}

/** Adds that publishing failed too, after the store has noted what became of the version. */
export function withPublishing(error: unknown, second: unknown): unknown {
  if (!(error instanceof KeysError) || !(second instanceof KeysError)) return error;
  // One command that fails twice is reported once.
  return error.message.startsWith(second.message) ? error : extend(error, `then publishing failed: ${second.message}`);
}

function extend(error: KeysError, text: string): KeysError {
  return new KeysError(error.code, `${error.message}; ${text}`, { cause: error, hint: error.hint });
}
