import { KeysError } from "../../errors.ts";
import type { Key } from "../../core/key.ts";
import { EMPTY_EPOCH } from "../journal/format/epoch.ts";
import { isNext, verifiedSum } from "../journal/format/line.ts";
import { checkReadable, formatRecord, GENESIS, parseKey, parseRecord } from "../journal/format/record.ts";
import type { Change } from "../store.ts";

export { EMPTY_EPOCH, GENESIS };

/** A change as it is stored: the line of a journal, without its newline and tab. */
export interface StoredRecord {
  readonly text: string;
  readonly sum: string;
}

/**
 * Formats a change.
 * @param prev - the `sum` of the record before it, or {@link GENESIS}
 * @throws {@link KeysError} `USAGE` if it is too long, `BUG` if it could not be read back
 */
export function toRecord(change: Change, prev: string): StoredRecord {
  const { bytes, sum } = formatRecord({ change }, prev);
  checkReadable(bytes);
  return { text: bytes.toString("utf8", 1, bytes.length - 1), sum };
}

/**
 * Reads a record, and verifies that it is the one after `prev` and unchanged.
 * @throws {@link KeysError} `STORE_DAMAGED`
 */
export function fromRecord({ text, sum }: StoredRecord, seq: number, prev: string): Change {
  const bytes = Buffer.from(text);
  const isIntact = isNext(bytes, 0, bytes.length, seq - 1, prev) && verifiedSum(bytes, 0, bytes.length) === sum;
  const record = isIntact ? parseRecord(text) : null;
  if (record !== null) return record.change;
  throw new KeysError("STORE_DAMAGED", `change ${seq} in the database was altered`, {
    hint: "restore the database from a backup; nothing was changed",
  });
}

/** Formats a key for the table of keys. Its digests are in it, its last-used times are not. */
export function formatKey(key: Key): string {
  return JSON.stringify({ ...key, versions: key.versions.map((version) => ({ ...version, lastUsedAt: undefined })) });
}

/**
 * Reads what {@link formatKey} wrote.
 * @param uses - a JSON object: version → last use
 * @throws {@link KeysError} `STORE_DAMAGED`
 */
export function readKey(text: string | null | undefined, uses: string | null | undefined): Key {
  const key = parseKey(text ?? "");
  if (key === null) throw new KeysError("STORE_DAMAGED", "a key in the database is not readable");
  if (uses === null || uses === undefined) return key;
  const times = JSON.parse(uses) as Record<string, number>;
  const versions = key.versions.map((version) => ({ ...version, lastUsedAt: times[String(version.n)] ?? null }));
  return { ...key, versions };
}
