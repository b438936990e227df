import { describe, expect, onTestFinished, test } from "vitest";
import { digestToken } from "../../../src/core/digest.ts";
import { formatToken } from "../../../src/core/token.ts";
import { createKeys } from "../../../src/keys/keys.ts";
import { createTokenVerifier } from "../../../src/server/mcp-sdk.ts";
import { requireApiKeyFromEnv } from "../../../src/server/stdio.ts";
import { createVerifier } from "../../../src/server/verifier/verifier.ts";
import { openMemoryStore } from "../../../src/stores/memory.ts";
import { aKey, aVersion } from "../../fakes.ts";
import { createFixture, until } from "../fixture.ts";
import { adapters } from "../guard/adapters.ts";
import { bearer } from "../guard/guarded.ts";

const PEPPER = { id: "p2026", key: "0123456789abcdef0123456789abcdef" };
const NEXT = { id: "p2027", key: "fedcba9876543210fedcba9876543210" };
const NOW = 1_800_000_000;
const missing = { code: "PEPPER_MISSING", message: expect.stringContaining("p2026") };

/** A store with a key `old` whose digest needs the pepper, and the clock of a verifier. */
async function openPeppered() {
  const store = await openMemoryStore();
  const keys = createKeys({ store, now: () => NOW, by: "test", peppers: [PEPPER] });
  const { token } = await keys.generate({ name: "old", expiresAt: null });
  const start = async (more: object = {}) => {
    const verifier = await createVerifier({ store, now: () => NOW, peppers: [], pollEvery: 0.02, ...more });
    onTestFinished(() => verifier.close());
    return verifier;
  };
  return { store, keys, start, token: token.reveal() };
}

describe("a verifier without a pepper that a key needs", () => {
  test("does not start, and names the pepper and the fix", async () => {
    const { start } = await openPeppered();
    const fault = { ...missing, hint: expect.stringContaining("MCP_KEYS_PEPPER=<the current one>,p2026:<its key>") };
    await expect(start()).rejects.toMatchObject(fault);
    await expect(start({ peppers: [NEXT] })).rejects.toMatchObject(fault);
    expect(await start({ peppers: [NEXT, PEPPER] })).toMatchObject({ ready: true });
  });

  test("starts if no valid token needs it", async () => {
    const { keys, start, token } = await openPeppered();
    await keys.disable("old");
    expect((await start()).verify(token)).toMatchObject({ ok: false });
    await keys.enable("old");
    await expect(start()).rejects.toMatchObject(missing);
    await keys.revoke("old");
    expect((await start()).verify(token)).toMatchObject({ ok: false });
  });

  test("starts with allowMissingPeppers, and throws for tokens that need it", async () => {
    const { start, token, keys, store } = await openPeppered();
    const lines: string[] = [];
    const plain = createKeys({ store, now: () => NOW, by: "test", peppers: [] });
    const fine = (await plain.generate({ name: "plain", expiresAt: null })).token.reveal();
    await keys.generate({ name: "another", expiresAt: null });
    const verifier = await start({ allowMissingPeppers: true, log: (line: string) => lines.push(line) });
    expect(verifier.verify(fine)).toMatchObject({ ok: true });
    expect(() => verifier.verify(token)).toThrow(expect.objectContaining(missing));
    expect(() => verifier.verifyHeader(`Bearer ${token}`)).toThrow(expect.objectContaining(missing));
    expect(verifier.verify(`${token.slice(0, -1)}${token.endsWith("x") ? "y" : "x"}`)).toMatchObject({
      reason: "mistyped",
    });
    expect(verifier.verify(other)).toMatchObject({ reason: "unknown" });
    expect(verifier.counters).toMatchObject({ unavailable: 2, refused: { unknown: 1 } });
    expect(lines.filter((line) => line.includes("p2026"))).toEqual([expect.stringMatching(/PEPPER_MISSING.*503/)]);
    await keys.disable("old");
    await until(() => {
      try {
        return !verifier.verify(token).ok;
      } catch {
        return false;
      }
    });
  });

  test("throws for every token without a key id if an imported key needs it", async () => {
    const store = await openMemoryStore();
    const imported = "a-token-of-another-system-0123456789abcdef";
    const versions = [aVersion({ digest: digestToken(imported, PEPPER) })];
    await store.write({ op: "import", at: 1, by: "test", keys: [aKey({ prefix: "opaque", versions })] });
    const verifier = await createVerifier({ store, peppers: [], allowMissingPeppers: true });
    onTestFinished(() => verifier.close());
    for (const token of [imported, other])
      expect(() => verifier.verify(token)).toThrow(expect.objectContaining(missing));
    await expect(createKeys({ store, peppers: [] }).check(imported)).rejects.toMatchObject(missing);
  });

  test("rejects the options for it of another type", async () => {
    const { start } = await openPeppered();
    await expect(start({ allowMissingPeppers: "yes" })).rejects.toMatchObject({ code: "USAGE" });
    await expect(start({ peppers: [{ id: "p", key: "short" }] })).rejects.toMatchObject({ code: "PEPPER_INVALID" });
    await expect(start({ peppers: [PEPPER, PEPPER] })).rejects.toMatchObject({ code: "PEPPER_INVALID" });
  });
});

const other = formatToken({ prefix: "mcp", id: "0000000000aa", secret: "0".repeat(43) }).reveal();

test.each(Object.keys(adapters))(
  "%s answers 503 to a key that arrives without its pepper, and logs one line",
  async (name) => {
    const { store, verifier, followed, lines, clock } = await createFixture();
    const server = await adapters[name]!(verifier, {});
    onTestFinished(() => server.close());
    const peppered = createKeys({ store, now: () => clock.now, by: "test", peppers: [PEPPER] });
    const { token } = await peppered.generate({ name: "late", expiresAt: null });
    await followed();
    for (let i = 0; i < 3; i++) {
      const { status, headers, auth } = await server.ask({ headers: bearer(token.reveal()) });
      expect([status, headers["retry-after"], headers["www-authenticate"], auth]).toEqual([503, "5", undefined, null]);
    }
    await until(() => lines.some((line) => line.includes("p2026")));
    expect(lines.filter((line) => line.includes("p2026"))).toHaveLength(1);
    expect(lines.join()).not.toContain("refused (");
  },
);

test("the adapter for the SDKs and the stdio guard report the pepper, and refuse nothing", async () => {
  const { store, start, token } = await openPeppered();
  const verifier = createTokenVerifier(await start({ allowMissingPeppers: true }), (message) => new Error(message));
  await expect(verifier.verifyAccessToken(token)).rejects.toMatchObject(missing);
  await expect(requireApiKeyFromEnv({ store, env: { MCP_API_KEY: token } })).rejects.toMatchObject(missing);
});
