import { execFile } from "node:child_process";
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import { digestToken, FORGOTTEN } from "../../../src/core/digest.ts";
import type { Key } from "../../../src/core/key.ts";
import { openStore } from "../../../src/stores/index.ts";
import { formatRecord, GENESIS } from "../../../src/stores/journal/format/record.ts";
import { inspectKeychain, removeOrphans } from "../../../src/stores/keychain/inspect.ts";
import { newAccount, keptAs } from "../../../src/stores/keychain/item.ts";
import { openParts } from "../../../src/stores/keychain/parts.ts";
import type { KeychainEngine } from "../../../src/stores/keychain/protocol.ts";
import type { StoreWorld } from "../../../src/stores/store.ts";
import { BIN } from "../../e2e/process.ts";
import { aKey, aVersion } from "../../fakes.ts";
import { aDraft, aFolder, aWorld, changesOf, keyNo } from "../place.ts";
import { ENGINES, needSecretService, openOn, sharedSecretService } from "./service.ts";
import type { SecretService } from "./service.ts";

const DIGEST = /[0-9a-f]{64}/;
const shared = sharedSecretService("unlocked");

describe.each(ENGINES)("$spec", ({ spec, engine, file }) => {
  needSecretService();

  const start = async () => {
    const service = await shared();
    // Attended: three seconds may be too short on a slow disk.
    const world = { ...service.world, attended: true };
    return { service, world, path: join(service.dataDir, file), store: await openOn(service, spec, world) };
  };

  test("keeps digests in the keychain only", async () => {
    const { store, world, path } = await start();
    await store.write(aDraft([keyNo(1), keyNo(2)]));
    const journal = await readFile(path, "utf8");
    expect(journal.replaceAll(/"(prev|sum)":"[0-9a-f]{64}"/g, "")).not.toMatch(DIGEST);
    const accounts = [...journal.matchAll(/"digest":"kept:([^"]+)"/g)].map(([, account]) => account!);
    expect(accounts).toHaveLength(2);
    expect([...(await itemsOf(engine, world, accounts)).values()]).toEqual([
      digestToken("token 1"),
      digestToken("token 2"),
    ]);
  });

  test("uses a service name without dots, and ignores the items of another journal", async () => {
    const { store, world, service } = await start();
    await store.write(aDraft([keyNo(1)]));
    const elsewhere = { ...world, dataDir: join(service.dataDir, "..", "other") };
    const other = await openStore(spec, elsewhere);
    onTestFinished(() => other.close());
    await other.write(aDraft([keyNo(1)]));
    for (const each of [world, elsewhere]) {
      const report = await inspectKeychain(engine, each);
      expect(report).toMatchObject({ state: "ready", fault: null, orphans: [], missing: [] });
      expect(report.service).toMatch(/^mcp-keys-[a-z0-9-]+$/);
    }
  });

  test("fetches many keys in one search", async () => {
    const { store, world } = await start();
    const keys = Array.from({ length: 12 }, (_, n) => keyNo(n));
    await store.write(aDraft(keys));
    const again = await openStore(spec, world);
    onTestFinished(() => again.close());
    expect((await again.snapshot()).keys.map(({ versions }) => versions[0]!.digest)).toEqual(
      keys.map(({ versions }) => versions[0]!.digest),
    );
  });

  test("removes the item of a revoked version, and an older copy of the journal does not bring it back", async () => {
    const { store, world, path } = await start();
    const { keys } = await store.write(aDraft([keyNo(1), keyNo(2)]));
    await copyFile(path, `${path}.copy`);
    const change = await store.write(aDraft([revoked(keys[0]!)], { op: "revoke" }));
    expect(change.keys[0]!.versions[0]!.digest).toBe(FORGOTTEN);
    expect(await inspectKeychain(engine, world)).toMatchObject({ orphans: [], missing: [] });
    expect(await store.find(digestToken("token 1"))).toBeNull();
    expect(await changesOf(store)).toMatchObject([{ keys: [{ versions: [{ digest: FORGOTTEN }] }, {}] }, {}]);
    await store.close();
    await copyFile(`${path}.copy`, path);
    const older = await openStore(spec, world);
    onTestFinished(() => older.close());
    expect(await older.find(digestToken("token 1"))).toBeNull();
    expect(await older.get("key-1")).toMatchObject({ versions: [{ state: "current", digest: FORGOTTEN }] });
    expect(await older.find(digestToken("token 2"))).not.toBeNull();
    expect(await inspectKeychain(engine, world)).toMatchObject({ missing: [{ name: "key-1", n: 1 }] });
  });

  test("keeps the digests of a key that was read without them and written back", async () => {
    const { store, world } = await start();
    await store.write(aDraft([keyNo(1)]));
    const again = await openStore(spec, { ...world, env: {} });
    onTestFinished(() => again.close());
    const key = await again.get("key-1", { digests: false });
    expect(key!.versions[0]!.digest).toMatch(/^kept:/);
    await again.write(aDraft([{ ...key!, note: "changed" }]));
    expect(await store.find(digestToken("token 1"))).toMatchObject({ key: { note: "changed", revision: 2 } });
    const whole = await store.get("key-1");
    await store.write(aDraft([{ ...whole!, enabled: false }]));
    expect(await inspectKeychain(engine, world)).toMatchObject({ orphans: [], missing: [] });
  });

  test("accepts one of three writers that add a version at once, and its token works", async () => {
    const { store, world } = await start();
    const { keys } = await store.write(aDraft([keyNo(1)]));
    const others = await Promise.all(
      ["a", "b", "c"].map(async (token) => ({ token, store: await openStore(spec, world) })),
    );
    onTestFinished(async () => {
      await Promise.all(others.map((other) => other.store.close()));
    });
    const outcomes = await Promise.all(
      others.map(async (other) => {
        const versions = [...keys[0]!.versions, aVersion({ n: 2, state: "pending", digest: digestToken(other.token) })];
        return other.store.write(aDraft([{ ...keys[0]!, versions }], { op: "stage" })).then(
          () => other.token,
          (fault: unknown) => (fault as { code: string }).code,
        );
      }),
    );
    expect(outcomes.sort().slice(0, 2)).toEqual(["STORE_CONFLICT", "STORE_CONFLICT"]);
    expect(await store.find(digestToken(outcomes[2]!))).toMatchObject({ version: { n: 2 } });
    expect(await inspectKeychain(engine, world)).toMatchObject({ orphans: [], missing: [] });
  });

  test("accepts one of two keys that take the same token at once", async () => {
    const { store, world } = await start();
    const other = await openStore(spec, world);
    onTestFinished(() => other.close());
    const twin = (n: number): Key => keyNo(n, { versions: [aVersion({ digest: digestToken("the same") })] });
    const outcomes = await Promise.allSettled([store.write(aDraft([twin(1)])), other.write(aDraft([twin(2)]))]);
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(outcomes.find(({ status }) => status === "rejected")).toMatchObject({ reason: { code: "STORE_CONFLICT" } });
    expect(await inspectKeychain(engine, world)).toMatchObject({ orphans: [], missing: [] });
  });

  test("finds and removes an orphan, and no other item", async () => {
    const { store, world } = await start();
    await store.write(aDraft([keyNo(1)]));
    const account = newAccount("7Fq2x9Lm0aBc", 1, digestToken("lost"));
    const { keychain } = openParts(engine, world);
    onTestFinished(() => keychain.close());
    await keychain.set({ account, value: digestToken("lost") });
    expect(await inspectKeychain(engine, world)).toMatchObject({ orphans: [account], missing: [] });
    expect(await removeOrphans(engine, world, { settleMs: 50 })).toEqual([account]);
    expect(await inspectKeychain(engine, world)).toMatchObject({ orphans: [], missing: [] });
    expect(await store.find(digestToken("token 1"))).not.toBeNull();
  });

  test("reports an altered item as damage", async () => {
    const { store, world, path } = await start();
    await store.write(aDraft([keyNo(1)]));
    const account = /"kept:([^"]+)"/.exec(await readFile(path, "utf8"))![1]!;
    const { keychain } = openParts(engine, world);
    onTestFinished(() => keychain.close());
    const again = await openStore(spec, world);
    onTestFinished(() => again.close());
    for (const value of ["no digest", digestToken("another token")]) {
      await keychain.set({ account, value });
      for (const read of [() => again.get("key-1"), () => again.snapshot(), () => again.find(digestToken("token 1"))]) {
        await expect(read()).rejects.toMatchObject({ code: "STORE_DAMAGED" });
      }
    }
  });

  test("reports a journal that gives one key the item of another as damaged", async () => {
    const { store, service, path } = await start();
    await mkdir(service.dataDir, { mode: 0o700, recursive: true });
    const version = aVersion({ digest: keptAs(newAccount("AAAAAAAAAAAA", 1, digestToken("theirs"))) });
    const change = { seq: 1, at: 1, by: "eve", op: "generate" as const, keys: [aKey({ versions: [version] })] };
    await writeFile(path, formatRecord({ change }, GENESIS).bytes, { mode: 0o600 });
    await expect(store.get("ci")).rejects.toMatchObject({ code: "STORE_DAMAGED" });
    await expect(store.snapshot()).rejects.toMatchObject({ code: "STORE_DAMAGED" });
  });

  test("refuses to use its journal as a file store, and lists an archive of it", async () => {
    const { store, world, path } = await start();
    await store.write(aDraft([keyNo(1)]));
    const asFile = await openStore(`file:${path}`, world);
    onTestFinished(() => asFile.close());
    await expect(asFile.find(digestToken("token 1"))).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    await expect(asFile.write(aDraft([keyNo(2)]))).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    const archive = join(await aFolder(), "old.jsonl");
    await store.compact!({ at: 1_000, by: "ada@laptop", archive });
    expect(await store.find(digestToken("token 1"))).not.toBeNull();
    const old = await openStore(`archive:${archive}`, world);
    onTestFinished(() => old.close());
    expect(await old.list()).toMatchObject([{ name: "key-1" }]);
    await expect(old.find(digestToken("token 1"))).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
  });

  test("list, show, audit, disable and store do not ask the keychain; export --keyset does", async () => {
    const { service, store } = await start();
    await store.write(aDraft([keyNo(1)]));
    const { calls, address } = await aCountingBus();
    const env = { ...service.env, DBUS_SESSION_BUS_ADDRESS: address, MCP_KEYS_STORE: spec };
    const cli = (...args: string[]) => promisify(execFile)(process.execPath, [BIN, ...args], { env });
    for (const line of [
      "list",
      "show key-1",
      "audit",
      "audit --key key-1",
      "audit --verify",
      "disable key-1",
      "store",
    ]) {
      await cli(...line.split(" "));
    }
    expect(calls()).toBe(0);
    await expect(cli("export", "--keyset")).rejects.toMatchObject({ code: 6 });
    expect(calls()).toBeGreaterThan(0);
  });
});

describe("the two engines", () => {
  needSecretService();

  test("do not see each other's keys", async () => {
    const service = await shared();
    const [one, other] = await Promise.all(ENGINES.map(({ spec }) => openOn(service, spec, { attended: true })));
    await one!.write(aDraft([keyNo(1)]));
    await other!.write(aDraft([keyNo(1, { name: "other" })]));
    expect(await one!.find(digestToken("token 1"))).toMatchObject({ key: { name: "key-1" } });
    expect(await other!.find(digestToken("token 1"))).toMatchObject({ key: { name: "other" } });
    for (const { engine } of ENGINES) {
      expect(await inspectKeychain(engine, service.world)).toMatchObject({ orphans: [], missing: [] });
    }
  });
});

test("refuses the journal of a file store", async () => {
  const folder = await aFolder();
  const world = aWorld(folder);
  const file = await openStore(`file:${join(folder, "keychain.jsonl")}`, world);
  await file.write(aDraft([keyNo(1)]));
  await file.close();
  const store = await openStore("keychain:", world);
  onTestFinished(() => store.close());
  await expect(store.list({ digests: false })).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
});

function revoked(key: Key): Key {
  return { ...key, versions: key.versions.map((version) => ({ ...version, state: "revoked", reason: "other" })) };
}

async function itemsOf(engine: KeychainEngine, world: StoreWorld, accounts: readonly string[]) {
  const { keychain } = openParts(engine, world);
  try {
    return await keychain.read(accounts);
  } finally {
    keychain.close();
  }
}

/** A bus that closes every connection, and counts them. */
async function aCountingBus(): Promise<{ calls: () => number; address: SecretService["env"][string] }> {
  let calls = 0;
  const path = join(await aFolder(), "bus");
  const server = createServer((socket) => {
    calls++;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  onTestFinished(() => void server.close());
  return { calls: () => calls, address: `unix:path=${path}` };
}
