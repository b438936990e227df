import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { digestToken, FORGOTTEN } from "../../../src/core/digest.ts";
import { inspectKeychain } from "../../../src/stores/keychain/inspect.ts";
import { openParts } from "../../../src/stores/keychain/parts.ts";
import { migrate } from "../../../src/stores/migrate.ts";
import type { KeyStore } from "../../../src/stores/store.ts";
import { aDraft, aFolder, changesOf, keyNo, openIn } from "../place.ts";
import { aSecretService, ENGINES, needSecretService, openOn, sharedSecretService } from "./service.ts";

const KEEP = { now: () => 9_000, by: "bob@host", remove: false };
const REMOVE = { ...KEEP, remove: true };

const shared = sharedSecretService("unlocked");

/** Writes two keys, then revokes one and uses the other. */
async function fill(store: KeyStore): Promise<void> {
  await store.write(aDraft([keyNo(1), keyNo(2)]));
  const versions = [{ ...keyNo(1).versions[0]!, state: "revoked" as const, reason: "compromised" as const }];
  await store.write(aDraft([keyNo(1, { revision: 1, versions })], { op: "revoke", at: 1_002, version: 1 }));
  await store.touch([{ id: keyNo(2).id, n: 1, at: 1_500 }]);
}

describe.each(ENGINES)("$spec", ({ spec, engine }) => {
  needSecretService();

  const start = async () => {
    const service = await shared();
    const world = { ...service.world, attended: true };
    const folder = await aFolder();
    return { service, world, folder, file: await openIn(folder), keychain: await openOn(service, spec, world) };
  };

  test("takes over a file: its digests leave the disk, and those of revoked versions are dropped", async () => {
    const { folder, file, keychain, world } = await start();
    await fill(file);
    const history = await changesOf(file);
    expect(await migrate(file, keychain, REMOVE)).toEqual({ keys: 2, changes: 2, copied: 2, removed: true });
    expect(await readdir(folder)).toEqual([]);
    expect((await readFile(keychain.path!, "utf8")).replaceAll(/"(prev|sum)":"\w+"/g, "")).not.toMatch(/[0-9a-f]{64}/);
    expect(await keychain.find(digestToken("token 2"))).toMatchObject({ version: { lastUsedAt: 1_500 } });
    expect(await keychain.find(digestToken("token 1"))).toBeNull();
    expect((await keychain.get("key-1"))?.versions[0]).toMatchObject({ state: "revoked", digest: FORGOTTEN });
    const words = (changes: typeof history) => changes.map(({ op, at, by }) => `${op} ${String(at)} ${by}`);
    expect(words(await changesOf(keychain))).toEqual(words(history));
    expect(await inspectKeychain(engine, world)).toMatchObject({ state: "ready", orphans: [], missing: [] });
    await expect(migrate(keychain, keychain, KEEP)).rejects.toMatchObject({ code: "USAGE" });
  });

  test("is taken over by a file, and leaves no items behind", async () => {
    const { file, keychain, world } = await start();
    await fill(keychain);
    await migrate(keychain, file, KEEP);
    await keychain.write(aDraft([keyNo(3)]));
    expect(await migrate(keychain, file, REMOVE)).toEqual({ keys: 3, changes: 3, copied: 1, removed: true });
    for (const n of [2, 3]) expect(await file.find(digestToken(`token ${String(n)}`))).not.toBeNull();
    expect(await file.get("key-1")).toMatchObject({ versions: [{ state: "revoked" }] });
    const parts = openParts(engine, world);
    expect(await parts.keychain.accounts()).toEqual([]);
    parts.keychain.close();
    await parts.journal.close();
    expect(await readdir(join(keychain.path!, ".."))).toEqual([]);
  });
});

describe("a keychain that fails", () => {
  needSecretService();

  test.each([
    ["locked", "STORE_LOCKED"],
    ["none", "STORE_UNAVAILABLE"],
  ] as const)("(%s) takes nothing over, and the source is kept", async (state, code) => {
    const service = await aSecretService(state);
    const source = await openIn(await aFolder());
    await fill(source);
    await expect(migrate(source, await openOn(service, "keychain:"), REMOVE)).rejects.toMatchObject({ code });
    expect(await source.list()).toHaveLength(2);
    expect(await (await openOn(service, "keychain:")).list({ digests: false })).toEqual([]);
  });

  test("during a migration: the same call completes it, and the orphans are found", async () => {
    const service = await shared();
    const source = await openIn(await aFolder());
    await source.write(aDraft(Array.from({ length: 20 }, (_, n) => keyNo(n))));
    const target = await openOn(service, "keychain:");
    const failed = migrate(source, target, REMOVE).catch((fault: unknown) => fault);
    const parts = openParts("keyring", service.world);
    for (let tries = 0; tries < 200 && (await parts.keychain.accounts()).length < 3; tries++);
    await target.close();
    expect(await failed).toMatchObject({ code: "STORE_UNAVAILABLE" });
    expect(await source.list()).toHaveLength(20);
    const again = await openOn(service, "keychain:", { attended: true });
    expect(await migrate(source, again, REMOVE)).toMatchObject({ keys: 20, removed: true });
    const report = await inspectKeychain("keyring", service.world);
    expect(report).toMatchObject({ state: "ready", missing: [] });
    expect(report.orphans.length).toBeGreaterThan(2);
    parts.keychain.close();
    await parts.journal.close();
  });
});
