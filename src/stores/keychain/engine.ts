import { randomBytes } from "node:crypto";
import type { Item, KeychainEngine } from "./protocol.ts";

/** What is asked of a keychain. Every call may take for ever, and may end the process: see `child.ts`. */
export interface Engine {
  get(service: string, account: string): Promise<string | null>;
  set(service: string, account: string, value: string): Promise<void>;
  remove(service: string, account: string): Promise<boolean>;
  find(service: string): Promise<readonly Item[]>;
}

/** Loads the package of an engine. Throws what `import()` throws. */
export function openEngine(engine: KeychainEngine): Promise<Engine> {
  return engine === "keyring" ? openKeyring() : openKeytar();
}

/** Pinned to the Secret Service on Linux: on its own it falls back to the kernel's keyring, which loses what it took. */
async function openKeyring(): Promise<Engine> {
  const { AsyncEntry, findCredentialsAsync: findAll } = await import("@napi-rs/keyring");
  let last: { readonly name: string; readonly entry: InstanceType<typeof AsyncEntry> } | null = null;
  // To open an entry is to open a session on the bus, which costs more than to use it.
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

/** What the accounts of probes begin with; one is left behind when its process ends in the middle. */
export const PROBE = "probe-";

/** A whole round trip. Some engines say "absent" of what they cannot read. */
export async function probe(engine: Engine, service: string): Promise<void> {
  const account = PROBE + randomBytes(6).toString("hex");
  await setAndCompare(engine, { service, account, value: randomBytes(32).toString("hex") });
  await engine.remove(service, account);
}

/** Returns when the item is there to be read. Some platforms are not in order from one thread to the next: it looks again. */
export async function setAndCompare(
  engine: Engine,
  { service, account, value }: { service: string; account: string; value: string },
): Promise<void> {
  await engine.set(service, account, value);
  for (let look = 0; look < 5; look++) {
    if ((await engine.get(service, account)) === value) return;
    await new Promise((resolve) => setTimeout(resolve, 20 * 2 ** look));
  }
  throw new Error("what was written was not there when it was read back");
}
