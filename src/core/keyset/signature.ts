import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from "node:crypto";
import { KeysError } from "../../errors.ts";
import { isObject } from "../type-guards.ts";

/** The protected header: the algorithm, and the type, so a signature made for something else is worth nothing here. */
const HEADER = base64url('{"alg":"EdDSA","typ":"mcp-keyset+json"}');

/**
 * Signs a keyset: a flattened JWS, whose payload is the keyset's JSON.
 * @see RFC 7515 section 7.2.2, RFC 8037 section 3.1
 */
export function signKeyset(text: string, privateKey: KeyObject): string {
  const payload = base64url(text);
  const signature = sign(null, Buffer.from(`${HEADER}.${payload}`), privateKey).toString("base64url");
  return JSON.stringify({ payload, protected: HEADER, signature });
}

/** Returns whether a parsed document is a signed keyset rather than a plain one. */
export function isSigned(document: unknown): boolean {
  return isObject(document) && "payload" in document;
}

/**
 * Returns the keyset's JSON from a signed document, after its signature was verified with one of the keys.
 * @throws {@link KeysError} `KEYSET_INVALID`
 */
export function openSigned(document: unknown, publicKeys: readonly KeyObject[], source: string): string {
  const { payload, signature, protected: header } = document as Record<string, unknown>;
  const isWhole = typeof payload === "string" && typeof signature === "string" && header === HEADER;
  const isGenuine =
    isWhole &&
    publicKeys.some((key) =>
      verify(null, Buffer.from(`${HEADER}.${payload}`), key, Buffer.from(signature, "base64url")),
    );
  if (isGenuine) return Buffer.from(payload, "base64url").toString("utf8");
  throw new KeysError("KEYSET_INVALID", `the signature of ${source} is not valid`, {
    hint: "sign it with the key that belongs to MCP_KEYS_KEYSET_PUBLIC_KEY: mcp-keys export --keyset --sign-with <file>",
  });
}

/**
 * Parses an Ed25519 private key in PEM.
 * @throws {@link KeysError} `USAGE`; never quotes the text
 */
export function parseSigningKey(pem: string, source: string): KeyObject {
  const key = attempt(() => createPrivateKey(pem));
  if (key?.asymmetricKeyType === "ed25519") return key;
  throw new KeysError("USAGE", `${source} is not an Ed25519 private key`, {
    hint: "create one with: openssl genpkey -algorithm ed25519 -out keyset.pem",
  });
}

/**
 * Parses `MCP_KEYS_KEYSET_PUBLIC_KEY`: Ed25519 public keys, each in PEM or as the base64 of its DER. Several are separated by commas,
 * for the time when a signing key is replaced.
 * @returns the keys; `null` if the variable is not set
 * @throws {@link KeysError} `USAGE`, also if it is set but empty: a secret that is missing must not switch the signatures off
 */
export function parsePublicKeys(text: string | undefined): KeyObject[] | null {
  if (text === undefined) return null;
  const bodies = text
    .replace(/-----(BEGIN|END) PUBLIC KEY-----/g, ",")
    .split(",")
    .map((body) => body.replace(/\\n|\s/g, ""))
    .filter((body) => body !== "");
  if (bodies.length > 0) return bodies.map(parsePublicKey);
  throw new KeysError("USAGE", "MCP_KEYS_KEYSET_PUBLIC_KEY is set but empty", {
    hint: "set it to a public key, or unset it to accept keysets without a signature",
  });
}

function parsePublicKey(body: string): KeyObject {
  const key = attempt(() => createPublicKey({ key: Buffer.from(body, "base64"), format: "der", type: "spki" }));
  if (key?.asymmetricKeyType === "ed25519") return key;
  throw new KeysError("USAGE", "MCP_KEYS_KEYSET_PUBLIC_KEY is not an Ed25519 public key", {
    hint: "print the public key with: openssl pkey -in keyset.pem -pubout",
  });
}

function attempt(make: () => KeyObject): KeyObject | null {
  try {
    return make();
  } catch {
    return null;
  }
}

function base64url(text: string): string {
  return Buffer.from(text).toString("base64url");
}
