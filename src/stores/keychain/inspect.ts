import { setTimeout as sleep } from "node:timers/promises";
import type { KeyId, KeyName } from "../../core/key.ts";
import { KeysError } from "../../errors.ts";
import type { StoreWorld } from "../store.ts";
import { PROBE } from "./engine.ts";
import { KeychainFault } from "./fault.ts";
import type { FaultKind } from "./fault.ts";
import { accountOf } from "./item.ts";
import { openParts } from "./parts.ts";
import type { Parts } from "./parts.ts";
import { PACKAGES } from "./protocol.ts";
import type { KeychainEngine } from "./protocol.ts";

/** Longer than the gap between the two writes of a key: the item of a key that is being issued must not look like an orphan. */
const SETTLE_MS = 5_000;

/** The state of a keychain and of the store in it. */
export interface KeychainReport {
  readonly engine: KeychainEngine;
  /** The npm package of the engine. */
  readonly package: string;
  /** `ready` after a successful round trip, else how it failed. */
  readonly state: "ready" | FaultKind;
  /** The failure, with a hint for this machine. */
  readonly fault: KeysError | null;
  /** The service name of its items. */
  readonly service: string;
  /** The path of the journal, which may not exist. */
  readonly path: string;
  /** Items that no version names, left by a crash. Empty unless `ready`. */
  readonly orphans: readonly string[];
  /** Versions without an item: their tokens are unknown. Empty unless `ready`. */
  readonly missing: readonly { readonly id: KeyId; readonly name: KeyName; readonly n: number }[];
}

/**
 * Inspects a keychain with a round trip, and compares it with the journal. Reports a keychain that fails, and changes nothing.
 * @throws {@link KeysError} for the journal: `STORE_INSECURE`, `STORE_DAMAGED`, `STORE_UNAVAILABLE`
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
    return { ...report, state: fault.kind, fault: cause as KeysError };
  } finally {
    await close(parts);
  }
}

/**
 * Removes the items that no version names, and those of killed probes. Compares twice, `settleMs` apart.
 * @returns the removed accounts
 * @throws {@link KeysError} `STORE_LOCKED`, `STORE_UNAVAILABLE`, and the codes of the journal
 */
export async function removeOrphans(
  engine: KeychainEngine,
  world: StoreWorld,
  { settleMs = SETTLE_MS } = {},
): Promise<string[]> {
  const parts = openParts(engine, world);
  try {
    const before = new Set((await compare(parts)).leftovers);
    if (before.size === 0) return [];
    await sleep(settleMs);
    const orphans = (await compare(parts)).leftovers.filter((account) => before.has(account));
    for (const account of orphans) await parts.keychain.remove(account);
    return orphans;
  } finally {
    await close(parts);
  }
}

async function compare({ journal, keychain }: Parts) {
  // The items first: a key that is written in between is then in the journal.
  const accounts = await keychain.accounts();
  const keys = await journal.list();
  const existing = new Set(accounts);
  const named = new Set<string>();
  const missing: { id: KeyId; name: KeyName; n: number }[] = [];
  for (const { id, name, versions } of keys) {
    for (const version of versions) {
      const account = accountOf(version);
      if (account === null) continue;
      named.add(account);
      if (!existing.has(account)) missing.push({ id, name, n: version.n });
    }
  }
  const leftovers = accounts.filter((account) => !named.has(account));
  return { leftovers, orphans: leftovers.filter((account) => !account.startsWith(PROBE)), missing };
}

async function close({ journal, keychain }: Parts): Promise<void> {
  keychain.close();
  await journal.close();
}
