import { hash } from "node:crypto";
import { isDigest, isWithheld } from "../../../core/digest.ts";
import type { StoredDigest } from "../../../core/digest.ts";
import { isEpoch } from "../../../core/duration.ts";
import type { Key, Version } from "../../../core/key.ts";
import { isEpochName } from "../../../core/position.ts";
import { shellQuote } from "../../../core/shell-quote.ts";
import { isCount, isObject, isString, isStrings } from "../../../core/type-guards.ts";
import { KeysError } from "../../../errors.ts";
import type { Change } from "../../store.ts";
import type { JournalLocation } from "../disk/folder.ts";
import { MAX_LINE } from "./line.ts";

/** The format version, written as `v` in each line. */
export const FORMAT = 1;

/** The `prev` of the first record of a journal. */
export const GENESIS = "0".repeat(64);

/** The `next` of a seal without a following file: the journal has ended. */
export const NOWHERE = "0".repeat(64);

/** One line of a journal. */
export interface JournalRecord {
  readonly change: Change;
  /** Only in the first record of a file that was written as a whole: the `seq` of the last record written that way. */
  readonly until?: number;
  /** Only next to `until`: random, because two compactions of the same keys in the same second need different digests. */
  readonly nonce?: string;
  /** Only next to `until`: the epoch of the file that this one replaces, or a new one. Without it, `epochOf` its `sum`. */
  readonly epoch?: string;
  /** Only in a seal, the last record of a file: the SHA-256 of the file that follows, in hex, or {@link NOWHERE}. */
  readonly next?: string;
}

/**
 * Formats a record as a newline, the JSON and a tab. The newline separates it from an earlier partial line. The tab, which never
 * occurs raw in JSON, marks the record as complete.
 * @param prev - the `sum` of the record before it
 * @returns the bytes, and the record's own `sum`: the SHA-256 of everything on its line before `,"sum"`
 * @throws {@link KeysError} `USAGE` if the record is longer than {@link MAX_LINE}, because no reader would accept it
 */
export function formatRecord(
  { change, until, nonce, epoch, next }: JournalRecord,
  prev: string,
): { bytes: Buffer; sum: string } {
  const { seq, at, by, op, version, detail } = change;
  const keys = change.keys.map((key) => ({ ...key, versions: key.versions.map(withoutUse) }));
  const whole = JSON.stringify({ v: FORMAT, seq, prev, at, by, op, version, detail, keys, until, nonce, epoch, next });
  const body = whole.slice(0, -1);
  const sum = hash("sha256", body);
  const bytes = Buffer.from(`\n${body},"sum":"${sum}"}\t`);
  if (bytes.length - 2 > MAX_LINE) throw tooLong(change, bytes.length);
  return { bytes, sum };
}

function tooLong({ keys }: Change, length: number): KeysError {
  const [size, limit] = [length, MAX_LINE].map((bytes) => Math.ceil(bytes / 1024 / 1024));
  const advice = "this key has too many versions or too much text; issue a new one with: mcp-keys generate";
  return new KeysError("USAGE", `the change needs ${size} MiB, and a store takes at most ${limit} MiB at once`, {
    hint: `${keys.length > 1 ? "write the keys in several changes" : advice}; nothing was changed`,
  });
}

/**
 * Checks that a formatted record can be read back. A caller in plain JavaScript may omit a member, and an unreadable record would
 * damage the journal permanently.
 * @throws {@link KeysError} `BUG` if it cannot be read back
 */
export function checkReadable(bytes: Buffer): void {
  if (parseRecord(bytes.toString("utf8", 1, bytes.length - 1)) !== null) return;
  throw new KeysError("BUG", "the change cannot be written: a member is missing or invalid", {
    hint: "set expiresAt in each version (null for never); nothing was changed",
  });
}

/**
 * Rejects the wrong kind of journal, judging by the bytes up to its first digest. Every record of a journal is of the same kind. Text from a user
 * cannot contain these strings, because its quotes are escaped.
 * @throws {@link KeysError} `STORE_UNAVAILABLE`
 */
export function checkKind({ path, digests = "here" }: JournalLocation, bytes: Buffer): void {
  if (digests === "here" && bytes.includes('"digest":"kept:')) {
    throw new KeysError("STORE_UNAVAILABLE", `${path} belongs to a keychain store: its digests are in the keychain`, {
      hint: "open it with: --store keychain:",
    });
  }
  if (digests === "elsewhere" && (bytes.includes('"digest":"sha256:') || bytes.includes('"digest":"hmac-sha256:'))) {
    throw new KeysError("STORE_UNAVAILABLE", `${path} belongs to a file store, not to a keychain store`, {
      hint: `open it with: --store file:${shellQuote(path)}`,
    });
  }
}

function withoutUse(version: Version): Partial<Version> {
  return { ...version, lastUsedAt: undefined };
}

/** Parses the JSON of a line whose `sum` and `prev` were already checked. Returns `null` if it is not a record. */
export function parseRecord(text: string): JournalRecord | null {
  const line = parseJson(text);
  if (!isObject(line) || !isCount(line["seq"]) || !isEpoch(line["at"])) return null;
  const { seq, at, by, op, version, detail, keys, until, nonce, epoch, next } = line;
  if (typeof by !== "string" || typeof op !== "string" || !Array.isArray(keys) || !keys.every(isKey)) return null;
  if (!isOptional(version, isCount) || !isOptional(detail, isString)) return null;
  if (!isOptional(until, isCount) || !isOptional(nonce, isString) || !isOptional(next, isString)) return null;
  if (!isOptional(epoch, isEpochName)) return null;
  const change = {
    seq,
    at,
    by,
    op: op as Change["op"],
    ...(version !== undefined && { version }),
    ...(detail !== undefined && { detail }),
    keys,
  };
  return {
    change,
    ...(until !== undefined && { until }),
    ...(nonce !== undefined && { nonce }),
    ...(epoch !== undefined && { epoch }),
    ...(next !== undefined && { next }),
  };
}

/** Parses the JSON of a key. Returns `null` if it is not one. */
export function parseKey(text: string): Key | null {
  const key = parseJson(text);
  return isKey(key) ? key : null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Checks a key and adds `lastUsedAt` to its versions, which the journal omits. */
function isKey(value: unknown): value is Key {
  if (!isObject(value) || !isString(value["id"]) || !isString(value["name"]) || !isString(value["prefix"]))
    return false;
  if (!isStrings(value["scopes"]) || !isStrings(value["audience"]) || !isObject(value["tags"])) return false;
  if (!Object.values(value["tags"]).every(isString)) return false;
  if (!isOptional(value["owner"], isString) || !isOptional(value["note"], isString)) return false;
  if (!isEpoch(value["createdAt"]) || !isString(value["createdBy"]) || typeof value["enabled"] !== "boolean")
    return false;
  if (!isCount(value["revision"]) || !Array.isArray(value["versions"]) || value["versions"].length === 0) return false;
  return value["versions"].every(isVersion);
}

const STATES: readonly unknown[] = ["pending", "current", "retiring", "retired", "revoked"];

function isVersion(value: unknown): value is Version {
  if (!isObject(value) || !isCount(value["n"]) || !isEpoch(value["createdAt"])) return false;
  if (!isString(value["digest"]) || !isStoredDigest(value["digest"]) || !STATES.includes(value["state"])) return false;
  if (value["expiresAt"] !== null && !isEpoch(value["expiresAt"])) return false;
  if (!isOptional(value["promotedAt"], isEpoch) || !isOptional(value["retiresAt"], isEpoch)) return false;
  if (!isOptional(value["reason"], isString) || !isOptional(value["runId"], isString)) return false;
  if (!isOptional(value["weak"], isTrue) || !isOptional(value["endedBefore"], isCount)) return false;
  value["lastUsedAt"] = null;
  return true;
}

function isStoredDigest(text: string): text is StoredDigest {
  return isDigest(text) || isWithheld(text as StoredDigest);
}

function isTrue(value: unknown): value is true {
  return value === true;
}

function isOptional<T>(value: unknown, is: (value: unknown) => value is T): value is T | undefined {
  return value === undefined || is(value);
}
