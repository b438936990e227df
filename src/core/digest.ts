import { createHmac, hash, timingSafeEqual } from "node:crypto";
import { KeysError } from "../errors.ts";

/**
 * What is stored of a version: `sha256:<64 hex>` or `hmac-sha256:<pepperId>:<64 hex>`, lower case, over the whole token.
 * A fast hash is right because a token carries 256 random bits.
 * @see OWASP ASVS 5.0, 6.5.2 (a standard hash function from 112 bits of entropy)
 * @example
 * ```ts
 * import { isDigest, type Digest } from "mcp-keys";
 *
 * const digestsIn = (lines: readonly string[]): Digest[] => lines.filter(isDigest);
 * ```
 */
export type Digest = `sha256:${string}` | `hmac-sha256:${string}:${string}`;

/**
 * Stands in a version for a digest that is kept elsewhere and was not asked for: `kept:<where>`. Of the form of no digest, so
 * that no token is ever equal to it.
 */
export type KeptDigest = `kept:${string}`;

/** Stands in a version for a digest that its store has given up, as a keychain does when the version is revoked. */
export const FORGOTTEN = "forgotten";

/** What a version may have where its digest belongs. */
export type StoredDigest = Digest | KeptDigest | typeof FORGOTTEN;

/**
 * A secret kept apart from the store, without which its digests can be neither confirmed nor forged.
 * @example
 * ```ts
 * import { digestToken, type Pepper } from "mcp-keys";
 *
 * const pepper: Pepper = { id: "2027", key: "at least 32 characters of a random text" };
 * digestToken("abc", pepper); // "hmac-sha256:2027:…"
 * ```
 */
export interface Pepper {
  /** 1 to 32 of `[A-Za-z0-9_-]`; stored in each digest, so that peppers can be rotated. */
  readonly id: string;
  readonly key: string;
}

const DIGEST = /^(?:sha256|hmac-sha256:[A-Za-z0-9_-]{1,32}):[0-9a-f]{64}$/;

/**
 * The digest of a token, keyed when a pepper is given.
 * @example
 * ```ts
 * import { createHash } from "node:crypto";
 * import { digestToken } from "mcp-keys";
 *
 * digestToken("abc") === `sha256:${createHash("sha256").update("abc").digest("hex")}`; // true
 * ```
 */
export function digestToken(token: string, pepper?: Pepper): Digest {
  if (pepper === undefined) return `sha256:${hash("sha256", token, "hex")}`;
  return `hmac-sha256:${pepper.id}:${createHmac("sha256", pepper.key).update(token).digest("hex")}`;
}

/** Every digest under which a token may be stored: with each pepper, the current one first, and without. */
export function digestCandidates(token: string, peppers: readonly Pepper[]): Digest[] {
  return [...peppers.map((pepper) => digestToken(token, pepper)), digestToken(token)];
}

/**
 * Whether `text` is a digest in the form of {@link Digest}.
 * @example
 * ```ts
 * import { digestToken, isDigest } from "mcp-keys";
 *
 * isDigest(digestToken("abc")); // true
 * isDigest("abc"); // false
 * ```
 */
export function isDigest(text: string): text is Digest {
  return DIGEST.test(text);
}

/** Whether the digest itself is not there, but what stands for it: no token can be found by it. */
export function isWithheld(digest: StoredDigest): digest is KeptDigest | typeof FORGOTTEN {
  return digest === FORGOTTEN || digest.startsWith("kept:");
}

/** The pepper a digest was made with, or `null` when it was made without. */
export function pepperIdOf(digest: StoredDigest): string | null {
  const [kind, id] = digest.split(":");
  return kind === "hmac-sha256" && id !== undefined ? id : null;
}

/** Compares two digests in a time that depends on their lengths alone. */
export function sameDigest(a: StoredDigest, b: StoredDigest): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}

/**
 * Reads `MCP_KEYS_PEPPER`: `<id>:<key>`, or several separated by commas; the first is used for new digests, the others
 * still verify old ones.
 * @throws {@link KeysError} `PEPPER_INVALID` when an id is not 1 to 32 of `[A-Za-z0-9_-]` or a key has under 32 characters.
 * @example
 * ```ts
 * import { createKeys, openStore, parsePeppers } from "mcp-keys";
 *
 * const peppers = parsePeppers(process.env["MCP_KEYS_PEPPER"]);
 * const keys = createKeys({ store: await openStore(), peppers });
 * ```
 */
export function parsePeppers(text: string | undefined): Pepper[] {
  if (text === undefined || text.trim() === "") return [];
  return text.split(",").map((entry) => {
    const match = /^([A-Za-z0-9_-]{1,32}):(.{32,})$/.exec(entry.trim());
    if (match?.[1] === undefined || match[2] === undefined) {
      throw new KeysError("PEPPER_INVALID", "MCP_KEYS_PEPPER is not of the form <id>:<at least 32 characters>");
    }
    return { id: match[1], key: match[2] };
  });
}
