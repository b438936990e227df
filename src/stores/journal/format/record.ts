import { hash } from "node:crypto";
import { isDigest, isWithheld } from "../../../core/digest.ts";
import type { StoredDigest } from "../../../core/digest.ts";
import type { Key } from "../../../core/key.ts";
import { isCount, isObject } from "../../../core/shape.ts";
import type { Version } from "../../../core/version.ts";
import { KeysError } from "../../../errors.ts";
import type { Change } from "../../store.ts";

/** The format of a line, its member `v`. */
export const FORMAT = 1;

/** What `prev` of the very first record is. */
export const GENESIS = "0".repeat(64);

/** The `next` of a seal behind which nothing goes on: the journal has ended for good. */
export const NOWHERE = "0".repeat(64);

/** One line of a journal. */
export interface JournalRecord {
  readonly change: Change;
  /** Only in the first record of a file that was written whole: the `seq` of the last one of those. */
  readonly until?: number;
  /** Only there: random, so that two compactions of the same keys in the same second are two files. */
  readonly nonce?: string;
  /** Only in a seal, the last record of a file: the SHA-256 of the one that goes on, in hex, or {@link NOWHERE}. */
  readonly next?: string;
}

/**
 * The bytes to append for a record: a newline, the JSON, a tab. The newline keeps what a crash cut short from running into
 * it; the tab, which JSON never holds raw, tells a line that was cut short from one that was altered.
 * @param prev - The `sum` of the record it follows.
 * @returns The bytes, and the record's own `sum`: the SHA-256 of what stands on its line before `,"sum"`.
 */
export function formatRecord(
  { change, until, nonce, next }: JournalRecord,
  prev: string,
): { bytes: Buffer; sum: string } {
  const { seq, at, by, op, version, detail } = change;
  const keys = change.keys.map((key) => ({ ...key, versions: key.versions.map(withoutUse) }));
  const whole = JSON.stringify({ v: FORMAT, seq, prev, at, by, op, version, detail, keys, until, nonce, next });
  const body = whole.slice(0, -1);
  const sum = hash("sha256", body);
  return { bytes: Buffer.from(`\n${body},"sum":"${sum}"}\t`), sum };
}

/**
 * A caller without types may have left a member out, and what nobody can read would damage a journal for good.
 * @throws {@link KeysError} `BUG` unless these bytes of {@link formatRecord} can be read again
 */
export function checkReadable(bytes: Buffer): void {
  if (parseRecord(bytes.toString("utf8", 1, bytes.length - 1)) !== null) return;
  throw new KeysError("BUG", "a change cannot be written: a member of it is missing or wrong", {
    hint: "give each version its expiresAt, null for never; nothing was changed",
  });
}

function withoutUse(version: Version): Partial<Version> {
  return { ...version, lastUsedAt: undefined };
}

/** Reads the JSON of a line whose `sum` and `prev` have already been checked. `null` when it is not a record. */
export function parseRecord(text: string): JournalRecord | null {
  const line = parseJson(text);
  if (!isObject(line) || !isCount(line["seq"]) || !isCount(line["at"])) return null;
  const { seq, at, by, op, version, detail, keys, until, nonce, next } = line;
  if (typeof by !== "string" || typeof op !== "string" || !Array.isArray(keys) || !keys.every(isKey)) return null;
  if (!isOptional(version, isCount) || !isOptional(detail, isString)) return null;
  if (!isOptional(until, isCount) || !isOptional(nonce, isString) || !isOptional(next, isString)) return null;
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
    ...(next !== undefined && { next }),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Fills in `lastUsedAt`, which a line leaves out, so that what comes back is a whole key. */
function isKey(value: unknown): value is Key {
  if (!isObject(value) || !isString(value["id"]) || !isString(value["name"]) || !isString(value["prefix"]))
    return false;
  if (!isStrings(value["scopes"]) || !isStrings(value["audience"]) || !isObject(value["tags"])) return false;
  if (!Object.values(value["tags"]).every(isString)) return false;
  if (!isOptional(value["owner"], isString) || !isOptional(value["note"], isString)) return false;
  if (!isCount(value["createdAt"]) || !isString(value["createdBy"]) || typeof value["enabled"] !== "boolean")
    return false;
  if (!isCount(value["revision"]) || !Array.isArray(value["versions"]) || value["versions"].length === 0) return false;
  return value["versions"].every(isVersion);
}

const STATES: readonly unknown[] = ["pending", "current", "retiring", "retired", "revoked"];

function isVersion(value: unknown): value is Version {
  if (!isObject(value) || !isCount(value["n"]) || !isCount(value["createdAt"])) return false;
  if (!isString(value["digest"]) || !isStoredDigest(value["digest"]) || !STATES.includes(value["state"])) return false;
  if (value["expiresAt"] !== null && !isCount(value["expiresAt"])) return false;
  if (!isOptional(value["promotedAt"], isCount)) return false;
  if (!isOptional(value["promotedAt"], isCount) || !isOptional(value["retiresAt"], isCount)) return false;
  if (!isOptional(value["reason"], isString)) return false;
  value["lastUsedAt"] = null;
  return true;
}

function isStoredDigest(text: string): text is StoredDigest {
  return isDigest(text) || isWithheld(text as StoredDigest);
}

function isString(value: unknown): value is string {
  return typeof value === "string";
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(isString);
}

function isOptional<T>(value: unknown, is: (value: unknown) => value is T): value is T | undefined {
  return value === undefined || is(value);
}
