import { lstat } from "node:fs/promises";
import { KeysError } from "../errors.ts";
import type { Epoch, Key } from "../core/key.ts";
import { compareStores } from "./compare-stores.ts";
import type { Comparison } from "./compare-stores.ts";
import { isSidecar } from "./inspect-files.ts";
import type { Change, KeyStore, RemoveOptions } from "./store.ts";

/** How many rounds to follow a source that others keep writing. */
const MAX_ROUNDS = 20;

/** The plan or the result of a migration. */
export interface Migration {
  /** How many keys the source has. */
  readonly keys: number;
  /** How many changes the source has. */
  readonly changes: number;
  /** How many of them were missing in the target. */
  readonly copied: number;
  /** Whether the source was removed. */
  readonly removed: boolean;
}

export interface MigrationOptions {
  /** Returns the current time in epoch seconds. */
  readonly now: () => Epoch;
  readonly by: string;
  /** Whether to remove the source after the target was compared with it. */
  readonly remove: boolean;
}

/**
 * Returns the plan of {@link migrate}. Writes nothing.
 * @throws {@link KeysError} `USAGE` if both are the same store or the target persists nothing, `STORE_READ_ONLY`,
 *   `STORE_CONFLICT` if the target has other keys, and the errors of the stores
 */
export async function planMigration(source: KeyStore, target: KeyStore): Promise<Migration> {
  await checkStores(source, target);
  const comparison = await compareStores(source, target);
  const copied = missingIn(target, source, comparison).length;
  return { keys: comparison.keys.length, changes: comparison.changes, copied, removed: false };
}

/**
 * Copies the keys, the history and the last-used times of a store. Each round reads both stores and compares them, to copy
 * changes that others write meanwhile. The source is only removed if the target has everything. After a
 * crash, the same call continues.
 * @throws {@link KeysError} like {@link planMigration}; `STORE_CONFLICT` if others keep writing the source; `STORE_DAMAGED` if
 *   the target does not return what was written
 */
export async function migrate(source: KeyStore, target: KeyStore, options: MigrationOptions): Promise<Migration> {
  await checkStores(source, target);
  if (options.remove) checkRemovable(source);
  let copied = 0;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const comparison = await compareStores(source, target);
    const { keys, seq, changes, uses, news, isAhead, hasSameKeys, isStable } = comparison;
    const missing = missingIn(target, source, comparison);
    if (missing.length > 0) await copy(missing, missing.length === changes, target);
    else if (uses.length > 0 || news !== null) await target.touch(uses, news ?? {});
    else if (isAhead || isStable) {
      if (!isAhead && !hasSameKeys) throw differs(target);
      const result = { keys: keys.length, changes, copied };
      if (!options.remove) return { ...result, removed: false };
      const end = { at: options.now(), by: options.by, seq, detail: `to ${target.spec}` };
      if (await remove(source, end)) return { ...result, removed: true };
    }
    copied += missing.length;
  }
  throw new KeysError("STORE_CONFLICT", `${source.spec} kept changing while it was copied`);
}

async function checkStores(source: KeyStore, target: KeyStore): Promise<void> {
  for (const { readOnly, spec } of [source, target]) {
    if (readOnly) throw new KeysError("STORE_READ_ONLY", `${spec} is read-only`);
  }
  if (target.adopt === undefined) {
    throw new KeysError("USAGE", `${target.spec} persists nothing`, { hint: "choose another store: --to file:<path>" });
  }
  if (await isSameStore(source, target)) {
    throw new KeysError("USAGE", `${source.spec} and ${target.spec} are the same store`, {
      hint: "choose two different stores with --from and --to",
    });
  }
  await checkNames(source, target);
}

/** Rejects a store whose journal has the name of a sidecar of the other, because it would be removed with it. */
async function checkNames({ path: one }: KeyStore, { path: other }: KeyStore): Promise<void> {
  if (one === undefined || other === undefined) return;
  if (!(await isSidecar(one, other)) && !(await isSidecar(other, one))) return;
  throw new KeysError("USAGE", `the file names of ${one} and ${other} conflict`, {
    hint: "choose another name for the new store",
  });
}

/** Tells whether two specs lead to the same store: through a linked folder, a second link to the file, or another user or host name. */
async function isSameStore(a: KeyStore, b: KeyStore): Promise<boolean> {
  if (a.spec === b.spec) return true;
  const [one, other] = await Promise.all([identityOf(a), identityOf(b)]);
  return one !== null && one === other;
}

async function identityOf(store: KeyStore): Promise<string | null> {
  const { path } = store;
  if (path === undefined) {
    const { epoch, seq } = await store.position();
    return seq === 0 ? null : epoch;
  }
  // A failure means that the file is missing, or that reading it will report the error.
  const stat = await lstat(path, { bigint: true }).catch(() => null);
  return stat === null ? null : `${String(stat.dev)} ${String(stat.ino)}`;
}

function checkRemovable(source: KeyStore): void {
  if (source.remove !== undefined) return;
  throw new KeysError("USAGE", `${source.spec} cannot be removed`, { hint: "leave out --delete-source" });
}

function missingIn(target: KeyStore, source: KeyStore, { missing }: Comparison): readonly Change[] {
  if (missing !== null) return missing;
  throw new KeysError("STORE_CONFLICT", `${target.spec} has other keys than ${source.spec}`, {
    hint: "choose an empty target, such as --to file:<path>, or another schema of a database",
  });
}

/** Copies a whole history in one step. Copies later changes one by one, with the revisions of the target. */
async function copy(changes: readonly Change[], isWhole: boolean, target: KeyStore): Promise<void> {
  if (isWhole) return target.adopt?.(changes);
  for (const { op, at, by, version, detail, keys } of changes) {
    const revised: Key[] = [];
    for (const key of keys) {
      const stored = await target.get(key.id, { digests: false });
      revised.push({ ...key, revision: stored?.revision ?? 0 });
    }
    const about = { ...(version !== undefined && { version }), ...(detail !== undefined && { detail }) };
    await target.write({ op, at, by, ...about, keys: revised, isCopy: true });
  }
}

function differs({ spec }: KeyStore): KeysError {
  return new KeysError("STORE_DAMAGED", `${spec} does not return the keys that were written to it`, {
    hint: "keep using the source; nothing was removed from it",
  });
}

/** Returns `false` if the source has new changes. */
async function remove(source: KeyStore, options: RemoveOptions): Promise<boolean> {
  try {
    await source.remove?.(options);
    return true;
  } catch (error) {
    if (error instanceof KeysError && error.code === "STORE_CONFLICT") return false;
    throw error;
  }
}
