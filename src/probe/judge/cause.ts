import type { KeysError } from "../../errors.ts";

/** Why there was no answer, by the code that Node has for it (`CERT_HAS_EXPIRED`), or `TIMED_OUT`; empty when it has none. */
export function causeOf({ cause }: KeysError): string {
  const code = typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined;
  return typeof code === "string" ? code : "";
}

/** Whether the other side refused to go on with TLS, in the words of OpenSSL; what fails on this side is no alert. */
export function isAlert({ cause }: KeysError): boolean {
  return cause instanceof Error && /\balert\b/i.test(cause.message);
}
