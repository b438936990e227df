import { randomBytes } from "node:crypto";
import type { KeychainEngine, KeychainItem } from "./protocol.ts";

/** The calls to a keychain. Each may hang, and may crash the process: see `child.ts`. */
export interface Engine {
  get(service: string, account: string): Promise<string | null>;
  set(service: string, account: string, value: string): Promise<void>;
  remove(service: string, account: string): Promise<boolean>;
  find(service: string): Promise<readonly KeychainItem[]>;
}

/** Loads the package of an engine. Throws the error of `import()`. */
export function openEngine(engine: KeychainEngine): Promise<Engine> {
  return engine === "keyring" ? openKeyring() : openKeytar();
}

/** Pins the Secret Service on Linux: by default the package falls back to the kernel keyring, which forgets its items. */
async function openKeyring(): Promise<Engine> {
  const { AsyncEntry, findCredentialsAsync: findAll } = await import("@napi-rs/keyring");
  let last: { readonly name: string; readonly entry: InstanceType<typeof AsyncEntry> } | null = null;
  // A new entry opens a session on the bus, which costs more than a call.
  const entryOf = (service: string, account: string) => {
    const name = JSON.stringify([service, account]);
    if (last?.name !== name)
      last = { name, entry: new AsyncEntry(service, account, { linux: { store: "secret-service" } }) };
    return last.entry;
  };
  return {
    get: (service, account) => entryOf(service, account).getPassword(),
    set: (service, account, value) => entryOf(service, account).setPassword(value),
    remove: (service, account) => entryOf(service, account).deletePassword(),
    find: async (service) => (await findAll(service)).map(({ account, password }) => ({ account, value: password })),
  };
}

async function openKeytar(): Promise<Engine> {
  const { default: keytar } = await import("keytar");
  return {
    get: (service, account) => keytar.getPassword(service, account),
    set: (service, account, value) => keytar.setPassword(service, account, value),
    remove: (service, account) => keytar.deletePassword(service, account),
    find: async (service) =>
      (await keytar.findCredentials(service)).map(({ account, password }) => ({ account, value: password })),
  };
}

/** The prefix of probe accounts. A probe that is killed leaves one behind. */
export const PROBE = "probe-";

/** Writes, reads and removes an item. Some engines report an unreadable item as absent. */
export async function probe(engine: Engine, service: string): Promise<void> {
  const account = PROBE + randomBytes(6).toString("hex");
  await setAndCompare(engine, { service, account, value: randomBytes(32).toString("hex") });
  await engine.remove(service, account);
}

/** Writes an item and reads it back. Retries the read: on some platforms a write becomes visible to other threads late. */
export async function setAndCompare(
  engine: Engine,
  { service, account, value }: { service: string; account: string; value: string },
): Promise<void> {
  await engine.set(service, account, value);
  for (let attempt = 0; attempt < 5; attempt++) {
    if ((await engine.get(service, account)) === value) return;
    await new Promise((resolve) => setTimeout(resolve, 20 * 2 ** attempt));
  }
  throw new Error("an item was absent right after it was written");
}
