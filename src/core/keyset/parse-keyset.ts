import type { KeyObject } from "node:crypto";
import { KeysError } from "../../errors.ts";
import { isDigest } from "../digest.ts";
import { formatTime } from "../duration.ts";
import { isEpochName } from "../position.ts";
import { isCount, isObject, isString, isStrings } from "../type-guards.ts";
import { KEYSET_FORMAT, type Keyset, type KeysetKey, type KeysetVersion } from "./keyset.ts";
import { isSigned, openSigned } from "./signature.ts";

/** UTF-16 read as UTF-8: its byte order mark is invalid, and ASCII characters have a zero in every second byte. */
const UTF16 = /^\uFFFD\uFFFD|\0/;

/** How to read a keyset. */
export interface KeysetReading {
  /** What to call the document in errors, such as its path. */
  readonly source: string;
  /** The keys of which one must have signed it. `null` if a plain keyset is accepted; a signature is then not verified. */
  readonly publicKeys: readonly KeyObject[] | null;
}

/**
 * Parses a keyset: JSON, or the base64url of it, signed or plain. Checks every member that the format knows and ignores others.
 * @throws {@link KeysError} `KEYSET_INVALID` with the place of the fault; never quotes the text, because it may be another secret
 */
export function parseKeyset(text: string, { source, publicKeys }: KeysetReading): Keyset {
  if (UTF16.test(text)) {
    throw new KeysError("KEYSET_INVALID", `${source} is UTF-16, as Windows PowerShell writes it with >`, {
      hint: "write it as ASCII: mcp-keys export --keyset | Out-File -Encoding ascii <file>",
    });
  }
  const outer = parseJson(decode(text.trim()), source);
  if (!isSigned(outer) && publicKeys !== null) {
    throw new KeysError("KEYSET_INVALID", `${source} is not signed, but MCP_KEYS_KEYSET_PUBLIC_KEY is set`, {
      hint: "sign it with: mcp-keys export --keyset --sign-with <file>",
    });
  }
  if (!isSigned(outer)) return checkKeyset(outer, source);
  return checkKeyset(parseJson(payloadOf(outer, publicKeys, source), source), source);
}

function payloadOf(document: unknown, publicKeys: readonly KeyObject[] | null, source: string): string {
  if (publicKeys !== null) return openSigned(document, publicKeys, source);
  const { payload } = document as Record<string, unknown>;
  return typeof payload === "string" ? Buffer.from(payload, "base64url").toString("utf8") : "";
}

/** Decodes base64url. JSON starts with a brace, which base64url does not contain. */
function decode(text: string): string {
  return /^[A-Za-z0-9_-]+=*$/.test(text) ? Buffer.from(text, "base64url").toString("utf8") : text;
}

function parseJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid(source, "is not JSON, or is incomplete");
  }
}

function checkKeyset(document: unknown, source: string): Keyset {
  if (!isObject(document) || !isCount(document["keyset"])) throw invalid(source, "is not a keyset");
  if (document["keyset"] !== KEYSET_FORMAT) {
    throw new KeysError("KEYSET_INVALID", `${source} was written by another version of mcp-keys`, {
      hint: "use the same version of mcp-keys here and where the keyset is exported",
    });
  }
  const { store, seq, epoch, at, keys, ended = [] } = document;
  if (!isString(store) || !isCount(seq) || !isTime(at) || !Array.isArray(keys)) throw invalid(source, "lacks a member");
  if (epoch !== undefined && !isEpochName(epoch)) throw invalid(source, "has a fault in epoch");
  const fault = keys.findIndex((key) => !isKeysetKey(key));
  if (fault !== -1) throw invalid(source, `has a fault in key ${String(fault + 1)}`);
  if (!isStrings(ended) || !ended.every(isKeyId)) throw invalid(source, "has a fault in ended");
  checkUnique(keys as KeysetKey[], ended, source);
  const optional = { ...(epoch !== undefined && { epoch }), ...(ended.length > 0 && { ended }) };
  return { keyset: KEYSET_FORMAT, store, seq, at, keys: keys as KeysetKey[], ...optional };
}

function isKeysetKey(value: unknown): value is KeysetKey {
  if (!isObject(value) || !isString(value["id"]) || !isKeyId(value["id"])) return false;
  const { name, prefix, enabled, scopes, audience, versions } = value;
  if (name !== undefined && (!isString(name) || !/^[A-Za-z0-9._-]{1,64}$/.test(name))) return false;
  if (!isString(prefix) || typeof enabled !== "boolean" || !isStrings(scopes) || !isStrings(audience)) return false;
  return Array.isArray(versions) && versions.length > 0 && versions.every(isKeysetVersion);
}

function isKeyId(text: string): boolean {
  return /^[0-9A-Za-z]{12}$/.test(text);
}

function isKeysetVersion(value: unknown): value is KeysetVersion {
  if (!isObject(value)) return false;
  const { n, digest, state, expiresAt, retiresAt } = value;
  if (!isCount(n) || n === 0 || !isString(digest) || !isDigest(digest)) return false;
  if (expiresAt !== null && !isTime(expiresAt)) return false;
  // Only a version in its overlap has an end of the overlap, and it must have one.
  if (state === "retiring") return isTime(retiresAt);
  return (state === "pending" || state === "current") && retiresAt === undefined;
}

/** Two keys with one id, name or token would make the answer depend on their order. */
function checkUnique(keys: readonly KeysetKey[], ended: readonly string[], source: string): void {
  for (const [what, values] of [
    ["an id", [...keys.map(({ id }) => id), ...ended]],
    ["a name", keys.map(({ id, name = id }) => name)],
    ["a digest", keys.flatMap(({ versions }) => versions.map(({ digest }) => digest))],
  ] as const) {
    if (new Set<string>(values).size !== values.length) throw invalid(source, `contains ${what} twice`);
  }
}

function isTime(value: unknown): value is string {
  return isString(value) && /^\d{4}-/.test(value) && isExact(value);
}

/** Rejects dates that do not exist, which `Date.parse` moves to the next month. */
function isExact(text: string): boolean {
  const ms = Date.parse(text);
  return Number.isInteger(ms / 1000) && formatTime(ms / 1000) === text;
}

function invalid(source: string, what: string): KeysError {
  return new KeysError("KEYSET_INVALID", `${source} ${what}`);
}
