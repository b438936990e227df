import { lstat } from "node:fs/promises";
import { KeysError } from "../errors.ts";
import type { Epoch, Key } from "../core/key.ts";
import { compareStores } from "./compare-stores.ts";
import type { Comparison } from "./compare-stores.ts";
import { isSidecar } from "./inspect-files.ts";
import type { Change, KeyStore, RemoveOptions } from "./store.ts";

/** How often a source that others go on writing is followed before it is given up. */
const ROUNDS = 20;

/** What a migration has to do, or has done. */
export interface Migration {
  readonly keys: number;
  /** How many changes the source has. */
  readonly changes: number;
  /** How many of them the target lacks, or lacked. */
  readonly copied: number;
  /** Whether the source is gone. */
  readonly removed: boolean;
}

/** Who migrates, when, and whether the source is to go once the target is proven to hold all of it. */
export interface MigrationOptions {
  readonly now: () => Epoch;
  readonly by: string;
  readonly remove: boolean;
}

/**
 * What {@link migrate} would do. Writes nothing.
 * @throws {@link KeysError} `USAGE` when both are one store or the target keeps nothing, `STORE_READ_ONLY`, `STORE_CONFLICT`
 *   when the target holds other keys, what the stores throw
 */
export async function planMigration(source: KeyStore, target: KeyStore): Promise<Migration> {
  await checkEnds(source, target);
  const comparison = await compareStores(source, target);
  const copied = restOf(comparison, source, target).length;
  return { keys: comparison.keys.length, changes: comparison.changes, copied, removed: false };
}

/**
 * Copies the history of a store, so that the target holds the same keys by the same changes, and when they were last used. Each
 * round reads both back and compares them, so that what others write to the source meanwhile comes along, and only a source
 * that lacks nothing in the target is removed. Killed at any point, the same call goes on.
 * @throws {@link KeysError} as {@link planMigration}; `STORE_CONFLICT` when the source is written all the time; `STORE_DAMAGED`
 *   when the target does not give back what was written
 */
export async function migrate(source: KeyStore, target: KeyStore, options: MigrationOptions): Promise<Migration> {
  await checkEnds(source, target);
  if (options.remove) checkRemovable(source);
  let copied = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const comparison = await compareStores(source, target);
    const { keys, seq, changes, uses, ahead, alike, settled } = comparison;
    const rest = restOf(comparison, source, target);
    if (rest.length > 0) await copy(rest, rest.length === changes, target);
    else if (uses.length > 0) await target.touch(uses);
    else if (ahead || settled) {
      if (!ahead && !alike) throw unlike(target);
      const done = { keys: keys.length, changes, copied };
      if (!options.remove) return { ...done, removed: false };
      const end = { at: options.now(), by: options.by, seq, detail: `to ${target.spec}` };
      if (await remove(source, end)) return { ...done, removed: true };
    }
    copied += rest.length;
  }
  throw new KeysError("STORE_CONFLICT", `${source.spec} was written by others all the time`);
}

/** @throws {@link KeysError} unless keys can be moved from the one to the other */
async function checkEnds(source: KeyStore, target: KeyStore): Promise<void> {
  for (const { readOnly, spec } of [source, target]) {
    if (readOnly) throw new KeysError("STORE_READ_ONLY", `${spec} cannot be written`);
  }
  if (target.adopt === undefined) {
    throw new KeysError("USAGE", `${target.spec} keeps nothing`, { hint: "choose another one: --to file:<path>" });
  }
  if (await isSameStore(source, target)) {
    throw new KeysError("USAGE", `${source.spec} and ${target.spec} are one store`, {
      hint: "name two of them with --from and --to",
    });
  }
  await checkNames(source, target);
}

/** What a store keeps beside its journal comes and goes, and goes with it for good. */
async function checkNames({ path: one }: KeyStore, { path: other }: KeyStore): Promise<void> {
  if (one === undefined || other === undefined) return;
  if (!(await isSidecar(one, other)) && !(await isSidecar(other, one))) return;
  throw new KeysError("USAGE", `${other} and ${one} would take each other for files of their own`, {
    hint: "choose another name for the new store",
  });
}

/** One store may be reached by several paths: through a link to its folder, by a second name of the file. */
async function isSameStore(a: KeyStore, b: KeyStore): Promise<boolean> {
  if (a.spec === b.spec) return true;
  const [one, other] = await Promise.all([identityOf(a), identityOf(b)]);
  return one !== null && one === other;
}

async function identityOf({ path }: KeyStore): Promise<string | null> {
  if (path === undefined) return null;
  // What cannot be looked at is not there, or says so as soon as it is read.
  const stat = await lstat(path, { bigint: true }).catch(() => null);
  return stat === null ? null : `${String(stat.dev)} ${String(stat.ino)}`;
}

function checkRemovable(source: KeyStore): void {
  if (source.remove !== undefined) return;
  throw new KeysError("USAGE", `${source.spec} cannot be removed`, { hint: "leave --delete-source out" });
}

function restOf({ rest }: Comparison, source: KeyStore, target: KeyStore): readonly Change[] {
  if (rest !== null) return rest;
  throw new KeysError("STORE_CONFLICT", `${target.spec} holds other keys than ${source.spec}`, {
    hint: "choose a target without keys: --to file:<path>",
  });
}

/** A whole history at once. What has come since, one by one, each key with the revision that the target counts. */
async function copy(rest: readonly Change[], isWhole: boolean, target: KeyStore): Promise<void> {
  if (isWhole) return target.adopt?.(rest);
  for (const { op, at, by, version, detail, keys } of rest) {
    const counted: Key[] = [];
    for (const key of keys) {
      const there = await target.get(key.id, { digests: false });
      counted.push({ ...key, revision: there?.revision ?? 0 });
    }
    const about = { ...(version !== undefined && { version }), ...(detail !== undefined && { detail }) };
    await target.write({ op, at, by, ...about, keys: counted });
  }
}

function unlike({ spec }: KeyStore): KeysError {
  return new KeysError("STORE_DAMAGED", `${spec} does not give back the keys that were written to it`, {
    hint: "keep the source; nothing of it was removed",
  });
}

/** Returns false when it has gone on. */
async function remove(source: KeyStore, options: RemoveOptions): Promise<boolean> {
  try {
    await source.remove?.(options);
    return true;
  } catch (error) {
    if (error instanceof KeysError && error.code === "STORE_CONFLICT") return false;
    throw error;
  }
}
