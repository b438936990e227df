import type { KeysError } from "../../errors.ts";

/** Returns the code that Node gives for a failed exchange (`CERT_HAS_EXPIRED`), or `TIMED_OUT`; empty if there is none. */
export function causeCode({ cause }: KeysError): string {
  const code = typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined;
  return typeof code === "string" ? code : "";
}
