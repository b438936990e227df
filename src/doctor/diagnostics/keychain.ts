import { count } from "../../core/count.ts";
import { KeysError } from "../../errors.ts";
import { parseStoreSpec } from "../../stores/index.ts";
import { inspectKeychain, removeOrphans } from "../../stores/keychain/inspect.ts";
import type { KeychainReport } from "../../stores/keychain/inspect.ts";
import type { KeychainEngine } from "../../stores/keychain/protocol.ts";
import type { StoreWorld } from "../../stores/store.ts";
import type { Diagnostic, Observation } from "../finding.ts";

/** Only where keys are in a keychain: another one is left alone, since to ask it may show a prompt. */
export const keychain: Diagnostic = {
  about: "the keychain",
  exit: 6,
  async run({ config, world }) {
    const engine = engineOf(config.store);
    return engine === null ? [] : judgeKeychain(await inspectKeychain(engine, world));
  },
};

/**
 * Removes what no version names from the keychain of this spec; `null` when it is of none.
 * @throws {@link KeysError} `STORE_LOCKED`, `STORE_UNAVAILABLE`, and what is wrong with the journal
 */
export async function removeOrphansOf(spec: string, world: StoreWorld): Promise<string[] | null> {
  const engine = engineOf(spec);
  return engine === null ? null : removeOrphans(engine, world);
}

export function judgeKeychain({
  state,
  fault,
  engine,
  package: name,
  service,
  orphans,
  missing,
}: KeychainReport): Observation[] {
  const which = `the keychain, by ${name} (engine ${engine})`;
  if (fault !== null) return [{ status: "fail", observed: `${which}, is ${state}: ${fault.message}`, fix: fault.hint }];
  const found: Observation[] = missing.map(({ name: key, n }) => ({
    status: "fail",
    observed: `version ${String(n)} of ${key} has no digest in the keychain: its token is refused`,
    fix: `mcp-keys rotate ${key}`,
  }));
  if (orphans.length > 0) {
    const items = `${count(orphans.length, "item")} that no version names`;
    found.push({
      status: "warn",
      observed: `the keychain holds ${items}, which a crash has left under the name ${service}`,
      fix: "mcp-keys doctor --remove-orphans",
    });
  }
  return [{ status: "pass", observed: `${which}, is open: written, read and removed again` }, ...found];
}

function engineOf(spec: string): KeychainEngine | null {
  try {
    const { scheme, location } = parseStoreSpec(spec);
    if (scheme !== "keychain") return null;
    return location === "" ? "keyring" : location === "keytar" ? "keytar" : null;
  } catch (fault) {
    if (fault instanceof KeysError) return null;
    throw fault;
  }
}
