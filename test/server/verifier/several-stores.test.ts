import { describe, expect, onTestFinished, test } from "vitest";
import { digestToken, FORGOTTEN } from "../../../src/core/digest.ts";
import { KeysError } from "../../../src/errors.ts";
import { createKeys } from "../../../src/keys/keys.ts";
import { waitForServers } from "../../../src/keys/wait-for-servers.ts";
import { createVerifier, type VerifierOptions } from "../../../src/server/verifier/verifier.ts";
import { openEnvStore } from "../../../src/stores/env.ts";
import { openMemoryStore } from "../../../src/stores/memory.ts";
import type { KeyStore } from "../../../src/stores/store.ts";
import { aKey, aVersion } from "../../fakes.ts";
import { createTroubledStore } from "./troubled-store.ts";

const SHARED = "4fQ8Zr2LxWm7Vt0KcB9nYs6Jd3Hg5Pa1";
const IN_BOTH = "Zk3vQ9xT2mL8wR5nB7cJ4hG6fD1sA0pY";
const forever = { expiresAt: null };

async function open({ options = {} }: { options?: Partial<VerifierOptions> } = {}) {
  const clock = { now: 1_800_000_000 };
  const memory = await openMemoryStore();
  const { store: first, trouble } = createTroubledStore(memory);
  const second = await openEnvStore("", { env: { MCP_API_KEYS: `${SHARED},${IN_BOTH}` } });
  const keys = createKeys({ store: memory, now: () => clock.now, by: "ada", peppers: [] });
  const { token } = await keys.generate({ name: "ci", ...forever });
  await keys.import({ name: "both", token: IN_BOTH, ...forever });
  const log: string[] = [];
  const verifier = await createVerifier({
    ...{ stores: [first, second], now: () => clock.now, peppers: [], pollEvery: 0.005, maxStaleness: 60 },
    ...{ log: (line: string) => void log.push(line), ...options },
  });
  onTestFinished(() => verifier.close());
  /** Makes the first store fail, until its memory is too old. */
  const failFirst = async (): Promise<void> => {
    trouble.fault = new KeysError("STORE_UNAVAILABLE", "the disk is gone");
    await expect.poll(() => verifier.counters.faults).toBeGreaterThan(0);
    clock.now += 61;
    await expect.poll(() => log.join("\n")).toMatch(/those that no other store knows now get 503/);
  };
  return { clock, memory, keys, token: token.reveal(), verifier, log, trouble, failFirst };
}

const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof KeysError) return error.code;
  }
  return "none";
};

describe("a verifier with several stores", () => {
  test("accepts the tokens of each store, by token and by header", async () => {
    const { verifier, token } = await open();
    expect(verifier.verify(token)).toMatchObject({ ok: true, key: { name: "ci" } });
    expect(verifier.verifyHeader(`Bearer ${token}`)).toMatchObject({ ok: true, key: { name: "ci" } });
    expect(verifier.verify(SHARED)).toMatchObject({ ok: true, key: { name: "env-1" } });
    expect(verifier.verifyHeader(`bearer ${SHARED}`)).toMatchObject({ ok: true, key: { name: "env-1" } });
    expect(verifier.verify(`${SHARED}x`)).toMatchObject({ ok: false, reason: "malformed" });
    expect(verifier.verify(token.replace("mcp_", "acme_"))).toMatchObject({ ok: false, reason: "mistyped" });
    expect(verifier.counters).toMatchObject({ accepted: 4, refused: { malformed: 1, mistyped: 1 } });
  });

  test("lets the first store that knows a token decide: revoked there is refused, although the second accepts it", async () => {
    const { verifier, keys } = await open();
    expect(verifier.verify(IN_BOTH)).toMatchObject({ ok: true, key: { name: "both" } });
    await keys.disable("both");
    await expect.poll(() => verifier.verify(IN_BOTH)).toMatchObject({ ok: false, reason: "disabled" });
    await keys.revoke("both");
    await expect.poll(() => verifier.verify(IN_BOTH)).toMatchObject({ ok: false, reason: "revoked" });
  });

  test.each([
    ["in our format", true],
    ["in another format", false],
  ])("refuses a token %s whose digest the first store has dropped with its revocation", async (_, isOurs) => {
    const other = await openMemoryStore();
    const otherKeys = createKeys({ store: other, now: () => 1_800_000_000, by: "ada", peppers: [] });
    const issued = await otherKeys.generate({ name: "ci", ...forever });
    await otherKeys.import({ name: "shared", token: SHARED, ...forever });
    const token = isOurs ? issued.token.reveal() : SHARED;
    const id = (await other.find(digestToken(token)))!.key.id;
    const first = await openMemoryStore();
    const versions = [aVersion({ state: "revoked", reason: "compromised", digest: FORGOTTEN })];
    await first.write({ op: "import", at: 1, by: "ada", keys: [aKey({ id, name: "ci", prefix: "opaque", versions })] });
    const verifierOf = async (stores: KeyStore[]) => {
      const verifier = await createVerifier({ stores, now: () => 1_800_000_000, peppers: [] });
      onTestFinished(() => verifier.close());
      return verifier;
    };
    expect((await verifierOf([first, other])).verify(token)).toMatchObject({ ok: false });
    expect((await verifierOf([other, first])).verify(token)).toMatchObject({ ok: true });
  });

  test("answers 503 for the tokens of the first store while that fails, and for those that no store knows", async () => {
    const { verifier, token, failFirst, trouble } = await open();
    await failFirst();
    expect(verifier.verify(SHARED)).toMatchObject({ ok: true });
    for (const only of [token, IN_BOTH, `${SHARED}x`]) {
      expect(codeOf(() => verifier.verify(only))).toBe("STORE_UNAVAILABLE");
      expect(codeOf(() => verifier.verifyHeader(`Bearer ${only}`))).toBe("STORE_UNAVAILABLE");
    }
    expect(verifier.verify(`${token}x`)).toMatchObject({ ok: false, reason: "mistyped" });
    expect(verifier.ready).toBe(false);
    trouble.fault = null;
    await expect.poll(() => verifier.ready).toBe(true);
    expect(verifier.verify(token)).toMatchObject({ ok: true });
  });

  test("accepts nothing from a later store that the first one has revoked, once everybody has confirmed", async () => {
    const { verifier, keys, failFirst, memory } = await open();
    await failFirst();
    const { position } = await keys.revoke("both");
    // The first store lists no server whose lease lasts.
    expect(await waitForServers({ ...memory, followers: async () => [] }, position)).toMatchObject({ lagging: [] });
    expect(codeOf(() => verifier.verify(IN_BOTH))).toBe("STORE_UNAVAILABLE");
  });

  test("keeps refusing what the first store had revoked, and answers 503 for what it had disabled, while it fails", async () => {
    const { verifier, keys, failFirst } = await open();
    await keys.disable("both");
    await expect.poll(() => verifier.verify(IN_BOTH)).toMatchObject({ reason: "disabled" });
    await failFirst();
    expect(codeOf(() => verifier.verify(IN_BOTH))).toBe("STORE_UNAVAILABLE");
  });

  test("keeps refusing a revoked token while the first store fails", async () => {
    const { verifier, keys, failFirst } = await open();
    await keys.revoke("both");
    await expect.poll(() => verifier.verify(IN_BOTH)).toMatchObject({ reason: "revoked" });
    await failFirst();
    expect(verifier.verify(IN_BOTH)).toMatchObject({ ok: false, reason: "revoked" });
  });

  test("writes the last use to the store that decided", async () => {
    const { verifier, token, keys } = await open();
    for (const each of [token, SHARED, IN_BOTH]) verifier.verify(each);
    await verifier.close();
    const used = (await keys.list()).filter(({ versions }) => versions[0]?.lastUsedAt !== null);
    expect(used.map(({ name }) => name)).toEqual(["ci", "both"]);
  });

  test("does not say that every request is refused if one of the stores is empty", async () => {
    const log: string[] = [];
    const stores = [await openMemoryStore(), await openEnvStore("", { env: { MCP_API_KEY: SHARED } })];
    const verifier = await createVerifier({ stores, peppers: [], log: (line) => void log.push(line) });
    await verifier.close();
    expect(log).toEqual(["mcp-keys: no keys in memory:; issue one with: mcp-keys generate"]);
  });

  test("does not start if one of the stores cannot be read, and stops following the others", async () => {
    const { store: first, trouble } = createTroubledStore(await openMemoryStore());
    const { store: second, trouble: broken } = createTroubledStore(await openMemoryStore());
    broken.fault = new KeysError("STORE_DAMAGED", "damaged");
    const starting = createVerifier({ stores: [first, second], peppers: [], pollEvery: 0.005 });
    await expect(starting).rejects.toMatchObject({ code: "STORE_DAMAGED" });
    await expect.poll(() => trouble.watchers).toBe(0);
  });

  test.each([
    ["neither store nor stores", {}],
    ["both", { store: {}, stores: [] }],
    ["an empty list", { stores: [] }],
    ["something else in the list", { stores: ["env:"] }],
    ["a promise in the list", { stores: [Promise.resolve()] }],
  ])("rejects %s", async (_, options) => {
    await expect(createVerifier(options as VerifierOptions)).rejects.toMatchObject({ code: "USAGE" });
  });

  test("rejects an archive among the stores", async () => {
    const stores = [await openMemoryStore(), { ...(await openMemoryStore()), isArchive: true }];
    await expect(createVerifier({ stores, peppers: [] })).rejects.toMatchObject({ code: "USAGE" });
  });
});
