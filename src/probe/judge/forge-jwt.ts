import { Secret } from "../../core/secret.ts";
import type { CheckResult } from "../check-result.ts";
import type { JsonObject } from "../mcp/json.ts";
import { shapeOf, type JwtShape } from "./key-shape.ts";
import { encodePart } from "./made-up-key.ts";
import type { KeyMutation } from "./mutations.ts";

/** Hash function of each algorithm that signs with a shared secret. @see RFC 7518, section 3.2 */
const HMAC: Readonly<Record<string, string>> = { HS256: "SHA-256", HS384: "SHA-384", HS512: "SHA-512" };
/** Web Crypto refuses an empty secret. HMAC pads a secret with zeros, so this one signs alike. @see RFC 2104 */
const EMPTY_SECRET = Buffer.alloc(1);
/** The published key of an example, so it proves nothing. @see RFC 7515, appendix A.3 */
const PUBLISHED_KEY = {
  ...{ kty: "EC", crv: "P-256" },
  x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
  y: "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
} as const;
const PUBLISHED_PRIVATE = "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI";

const FIX =
  "verify the signature before reading a claim, with the one algorithm and the one key that you expect, " +
  'such as jwtVerify(token, key, { algorithms: ["RS256"] }), and never take either from the token\'s header';

/** Returns the key as a JWT, or `null`. */
export function jwtOf(key: Secret): JwtShape | null {
  const shape = shapeOf(key.reveal());
  return shape.kind === "jwt" ? shape : null;
}

/** Adds the fix for a server of JWTs to a failed result. */
export function withJwtFix(key: Secret, result: CheckResult): CheckResult {
  return "pass" in result && !result.pass && jwtOf(key) !== null ? { ...result, fix: FIX } : result;
}

/**
 * Forges the key's JWT as a server that trusts its header would accept it. The claims are the same, `exp` included. A token that expired
 * cannot be forged without the server's key.
 */
export async function forgeJwt(key: Secret): Promise<KeyMutation[]> {
  const jwt = jwtOf(key);
  if (jwt === null) return [];
  const { header, parts } = jwt;
  const [head, payload, signature] = parts;
  const asHeader = (changes: JsonObject): string => `${encodePart({ ...header, ...changes })}.${payload}`;
  const signed = async (text: string, sign: (text: string) => Promise<string>): Promise<string> =>
    `${text}.${await sign(text)}`;
  const alg = typeof header["alg"] === "string" && header["alg"] in HMAC ? header["alg"] : "HS256";
  const made: readonly (readonly [change: string, text: string])[] = [
    ["its signature removed", `${head}.${payload}.`],
    ["alg none and no signature", `${asHeader({ alg: "none" })}.`],
    ["alg nOnE and its signature kept", `${asHeader({ alg: "nOnE" })}.${signature}`],
    ["the signature of an empty secret", await signed(asHeader({ alg }), (text) => signHmac(alg, EMPTY_SECRET, text))],
    [
      "the signature of a key in its header",
      await signed(asHeader({ alg: "ES256", jwk: PUBLISHED_KEY }), signPublished),
    ],
  ];
  return made.map(([change, text]) => ({ change, key: new Secret(text) }));
}

/** Returns the first of the secrets that signs the key's JWT. Needs no request, because the server accepts the key. */
export async function findSigningSecret<T extends { readonly value: string }>(
  key: Secret,
  secrets: readonly T[],
): Promise<T | null> {
  const jwt = jwtOf(key);
  const alg = jwt?.header["alg"];
  if (jwt === null || typeof alg !== "string" || !(alg in HMAC)) return null;
  const [head, payload, signature] = jwt.parts;
  for (const secret of secrets) {
    // Some products decode their secret from base64 first.
    for (const bytes of [Buffer.from(secret.value), Buffer.from(secret.value, "base64")]) {
      if (bytes.length > 0 && (await signHmac(alg, bytes, `${head}.${payload}`)) === signature) return secret;
    }
  }
  return null;
}

async function signHmac(alg: string, secret: Buffer<ArrayBuffer>, text: string): Promise<string> {
  const algorithm = { name: "HMAC", hash: HMAC[alg] ?? "SHA-256" };
  const key = await crypto.subtle.importKey("raw", secret, algorithm, false, ["sign"]);
  return encode(await crypto.subtle.sign("HMAC", key, Buffer.from(text)));
}

async function signPublished(text: string): Promise<string> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256" };
  const jwk = { ...PUBLISHED_KEY, d: PUBLISHED_PRIVATE };
  const key = await crypto.subtle.importKey("jwk", jwk, algorithm, false, ["sign"]);
  return encode(await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, key, Buffer.from(text)));
}

function encode(signature: ArrayBuffer): string {
  return Buffer.from(signature).toString("base64url");
}
