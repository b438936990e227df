import { createHmac, hash, type KeyObject } from "node:crypto";

/** Two bytes per character, the lower one first: the fastest digest to compare. Node's types do not list it. */
const UTF16 = "utf16le" as "binary";

/** Returns the digest of a token, keyed unless `pepper` is `null`, for {@link wordOfHash}. */
export function hashToken(token: string, pepper: KeyObject | null): string {
  return pepper === null ? hash("sha256", token, UTF16) : createHmac("sha256", pepper).update(token).digest(UTF16);
}

/** Returns the 32-bit word `i` of a digest from {@link hashToken}. */
export function wordOfHash(digest: string, i: number): number {
  return digest.charCodeAt(2 * i) | (digest.charCodeAt(2 * i + 1) << 16);
}
