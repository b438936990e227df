import { createHmac, hash, timingSafeEqual } from "node:crypto";
import { KeysError } from "../errors.ts";

/**
 * The stored form of a token: `sha256:<64 hex>` or `hmac-sha256:<pepperId>:<64 hex>`, in lower case. Covers the whole token.
 * A fast hash is enough, because a token has 256 random bits.
 * @see OWASP ASVS 5.0, 6.5.2 (a standard hash function from 112 bits of entropy)
 * @example
 * ```ts
 * import { isDigest, type Digest } from "mcp-keys";
 *
 * const digestsIn = (lines: readonly string[]): Digest[] => lines.filter(isDigest);
 * ```
 */
export type Digest = `sha256:${string}` | `hmac-sha256:${string}:${string}`;

/** Replaces a digest that is stored elsewhere and was not read: `kept:<where>`. It is not a valid digest, so it matches no token. */
export type KeptDigest = `kept:${string}`;

/** Replaces a digest that the store has removed, as a keychain does when a version is revoked. */
export const FORGOTTEN = "forgotten";

/** The `digest` of a version: the digest itself or its replacement. */
export type StoredDigest = Digest | KeptDigest | typeof FORGOTTEN;

/**
 * A secret that is not in the store. Without it, the stored digests cannot confirm a token, and no digest can be forged.
 * @example
 * ```ts
 * import { digestToken, type Pepper } from "mcp-keys";
 *
 * const pepper: Pepper = { id: "2027", key: "at least 32 characters of a random text" };
 * digestToken("abc", pepper); // "hmac-sha256:2027:…"
 * ```
 */
export interface Pepper {
  /** 1 to 32 of `[A-Za-z0-9_-]`. Stored in each digest, so peppers can be rotated. */
  readonly id: string;
  readonly key: string;
}

const PLAIN = "sha256:";
const HEX_LENGTH = 64;
const DIGEST = /^(?:sha256|hmac-sha256:[A-Za-z0-9_-]{1,32}):[0-9a-f]{64}$/;

/**
 * Computes the digest of a token: HMAC-SHA-256 with a pepper, SHA-256 without.
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

/** Returns every digest under which a token may be stored: with each pepper, the current one first, and without. */
export function digestCandidates(token: string, peppers: readonly Pepper[]): Digest[] {
  return [...peppers.map((pepper) => digestToken(token, pepper)), digestToken(token)];
}

/**
 * Returns whether `text` is a valid {@link Digest}.
 * @example
 * ```ts
 * import { digestToken, isDigest } from "mcp-keys";
 *
 * isDigest(digestToken("abc")); // true
 * isDigest("abc"); // false
 * ```
 */
export function isDigest(text: string): text is Digest {
  // A store has many of these, and the loop takes a quarter of the time of the pattern.
  if (text.length === PLAIN.length + HEX_LENGTH && text.startsWith(PLAIN)) return isHex(text, PLAIN.length);
  return DIGEST.test(text);
}

/** Returns whether the text from `start` on is hexadecimal, in lower case. */
function isHex(text: string, start: number): boolean {
  for (let i = start; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (!((code >= 48 && code <= 57) || (code >= 97 && code <= 102))) return false;
  }
  return true;
}

/** Returns whether a version has a replacement instead of its digest. No token matches it. */
export function isWithheld(digest: StoredDigest): digest is KeptDigest | typeof FORGOTTEN {
  return digest === FORGOTTEN || digest.startsWith("kept:");
}

/** Returns the id of the pepper that a digest was made with, or `null` if it was made without. */
export function pepperIdOf(digest: StoredDigest): string | null {
  return digest.startsWith("hmac-sha256:") ? (digest.split(":")[1] ?? null) : null;
}

/** Compares two digests. The time depends only on their lengths. */
export function sameDigest(a: StoredDigest, b: StoredDigest): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}

/**
 * Parses `MCP_KEYS_PEPPER`: `<id>:<key>`, or several separated by commas. New digests use the first pepper; the others still
 * verify old digests.
 * @throws {@link KeysError} `PEPPER_INVALID` if an id is not 1 to 32 of `[A-Za-z0-9_-]` or a key has fewer than 32 characters
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
  const peppers = text.split(",").map((entry) => {
    const match = /^([A-Za-z0-9_-]{1,32}):(.{32,})$/.exec(entry.trim());
    if (match?.[1] === undefined || match[2] === undefined) {
      throw new KeysError("PEPPER_INVALID", "MCP_KEYS_PEPPER is not in the form <id>:<at least 32 characters>");
    }
    return { id: match[1], key: match[2] };
  });
  return checkPeppers(peppers);
}

/**
 * Checks peppers that a caller passed, and returns them.
 * @throws {@link KeysError} `PEPPER_INVALID`
 */
export function checkPeppers(peppers: readonly Pepper[]): Pepper[] {
  for (const [i, { id, key }] of peppers.entries()) {
    if (!/^[A-Za-z0-9_-]{1,32}$/.test(id) || key.length < 32) {
      throw new KeysError(
        "PEPPER_INVALID",
        `pepper ${i + 1} has no valid id, or its key has fewer than 32 characters`,
        {
          hint: "use an id of 1 to 32 letters, digits, - and _, and a random key: openssl rand -hex 32",
        },
      );
    }
    if (peppers.findIndex((other) => other.id === id) !== i) {
      throw new KeysError("PEPPER_INVALID", `two peppers have the id ${id}`, { hint: "give each its own id" });
    }
  }
  return [...peppers];
}
