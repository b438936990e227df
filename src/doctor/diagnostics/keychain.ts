import { count } from "../../core/count.ts";
import { KeysError } from "../../errors.ts";
import { parseStoreSpec } from "../../stores/index.ts";
import { inspectKeychain, removeOrphans } from "../../stores/keychain/inspect.ts";
import type { KeychainReport } from "../../stores/keychain/inspect.ts";
import type { KeychainEngine } from "../../stores/keychain/protocol.ts";
import type { StoreWorld } from "../../stores/store.ts";
import type { Diagnostic, Observation } from "../diagnostic.ts";

/** Examines the keychain only if it is the chosen store, because opening it may show a prompt. */
export const keychain: Diagnostic = {
  about: "the keychain",
  exit: 6,
  async run({ config, world }) {
    const engine = engineOf(config.store);
    return engine === null ? [] : judgeKeychain(await inspectKeychain(engine, world));
  },
};

/**
 * Removes keychain items that belong to no version. Returns their accounts, or `null` if `spec` is not a keychain.
 * @throws {@link KeysError} `STORE_LOCKED`, `STORE_UNAVAILABLE`, and the errors of the journal
 */
export async function removeOrphansOf(spec: string, world: StoreWorld): Promise<string[] | null> {
  const engine = engineOf(spec);
  return engine === null ? null : removeOrphans(engine, world);
}

/** Turns the report about a keychain into findings. */
export function judgeKeychain(report: KeychainReport): Observation[] {
  const { fault, engine, service, orphans, missing } = report;
  const which = `the keychain (engine ${engine}, package ${report.package})`;
  if (fault !== null) return [{ status: "fail", observed: `${fault.message} (engine ${engine})`, fix: fault.hint }];
  const found: Observation[] = missing.map(({ name, n }) => ({
    status: "fail",
    observed: `version ${String(n)} of ${name} has no digest in the keychain: its token is refused`,
    fix: `mcp-keys rotate ${name}`,
  }));
  if (orphans.length > 0) {
    const items = count(orphans.length, "item");
    found.push({
      status: "warn",
      observed: `a crash left ${items} in the keychain that belong to no version (service ${service})`,
      fix: "mcp-keys doctor --remove-orphans",
    });
  }
  return [{ status: "pass", observed: `${which} is unlocked: a test item was written, read and removed` }, ...found];
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
