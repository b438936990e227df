import { setTimeout as sleep } from "node:timers/promises";
import type { KeyId, KeyName } from "../../core/key.ts";
import { KeysError } from "../../errors.ts";
import type { StoreWorld } from "../store.ts";
import { PROBE } from "./engine.ts";
import { KeychainFault } from "./fault.ts";
import type { Trouble } from "./fault.ts";
import { accountOf } from "./item.ts";
import { openParts } from "./parts.ts";
import type { Parts } from "./parts.ts";
import { PACKAGES } from "./protocol.ts";
import type { KeychainEngine } from "./protocol.ts";

/** Longer than between the two writes of a key, so that no item of a key that is just being issued is taken for a leftover. */
const SETTLE_MS = 5_000;

/** How it stands with a keychain and the store in it. */
export interface KeychainReport {
  readonly engine: KeychainEngine;
  /** The npm package that reaches it. */
  readonly package: string;
  /** `ready` after a whole round trip, else in which way it failed. */
  readonly state: "ready" | Trouble;
  /** The failure in words, with its mend on this machine. */
  readonly fault: KeysError | null;
  /** The name under which its items are found in the keychain. */
  readonly service: string;
  /** The journal, whether it is there or not. */
  readonly path: string;
  /** Items that no version names: what a crash has left. Empty unless `ready`. */
  readonly orphans: readonly string[];
  /** Versions whose item is not there: their tokens are unknown to everybody. Empty unless `ready`. */
  readonly missing: readonly { readonly id: KeyId; readonly name: KeyName; readonly n: number }[];
}

/**
 * Looks at a keychain: engine, lock, round trip, and what does not fit between it and the journal. What is wrong with the
 * keychain is in the report. Changes nothing.
 * @throws {@link KeysError} what is wrong with the journal: `STORE_INSECURE`, `STORE_DAMAGED`, `STORE_UNAVAILABLE`
 */
export async function inspectKeychain(engine: KeychainEngine, world: StoreWorld): Promise<KeychainReport> {
  const parts = openParts(engine, world);
  const { service, journal } = parts;
  const report = { engine, package: PACKAGES[engine], service, path: journal.path, orphans: [], missing: [] };
  try {
    return { ...report, state: "ready", fault: null, ...(await compare(parts)) };
  } catch (cause) {
    const fault = cause instanceof KeysError && cause.cause instanceof KeychainFault ? cause.cause : null;
    if (fault === null) throw cause;
    return { ...report, state: fault.trouble, fault: cause as KeysError };
  } finally {
    await close(parts);
  }
}

/**
 * Removes the items that no version names, and what probes have left behind. It looks twice with five seconds in between.
 * @returns their accounts
 * @throws {@link KeysError} `STORE_LOCKED`, `STORE_UNAVAILABLE`, and what is wrong with the journal
 */
export async function removeOrphans(engine: KeychainEngine, world: StoreWorld): Promise<string[]> {
  const parts = openParts(engine, world);
  try {
    const before = new Set((await compare(parts)).leftovers);
    if (before.size === 0) return [];
    await sleep(SETTLE_MS);
    const orphans = (await compare(parts)).leftovers.filter((account) => before.has(account));
    for (const account of orphans) await parts.keychain.remove(account);
    return orphans;
  } finally {
    await close(parts);
  }
}

async function compare({ journal, keychain }: Parts) {
  // The items first: what is written in between is then named, and not the other way round.
  const accounts = await keychain.accounts();
  const keys = await journal.list();
  const there = new Set(accounts);
  const named = new Set<string>();
  const missing: { id: KeyId; name: KeyName; n: number }[] = [];
  for (const { id, name, versions } of keys) {
    for (const version of versions) {
      const account = accountOf(version);
      if (account === null) continue;
      named.add(account);
      if (!there.has(account)) missing.push({ id, name, n: version.n });
    }
  }
  const leftovers = accounts.filter((account) => !named.has(account));
  return { leftovers, orphans: leftovers.filter((account) => !account.startsWith(PROBE)), missing };
}

async function close({ journal, keychain }: Parts): Promise<void> {
  keychain.close();
  await journal.close();
}
