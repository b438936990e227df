import { describe, expect, test, vi } from "vitest";
import { createKeys, type KeysOptions } from "../../src/keys/keys.ts";
import { openStore } from "../../src/open-store.ts";
import { createVerifier } from "../../src/server/verifier/verifier.ts";
import { requireApiKeyFromEnv } from "../../src/server/stdio.ts";
import { openMemoryStore } from "../../src/stores/memory.ts";

/** The operations as a caller without types sees them. */
type Untyped = Record<string, (...args: unknown[]) => Promise<unknown>>;

const NOW = 1_800_000_000;
const deliver = async () => undefined;

async function open(options: Partial<KeysOptions> = {}) {
  const store = await openMemoryStore();
  const keys = createKeys({ store, now: () => NOW, by: "ada@laptop", peppers: [], ...options });
  const { token } = await keys.generate({ name: "ci", expiresAt: null });
  const write = vi.spyOn(store, "write");
  return { keys, untyped: keys as unknown as Untyped, token, write };
}

const WRONG: readonly (readonly [call: string, args: readonly unknown[], says: string])[] = [
  ["generate", [], "options as a plain object"],
  ["generate", ["ci-2"], "options as a plain object"],
  ["generate", [{ name: "ci-2" }], "expiresAt of generate is missing"],
  ["generate", [{ name: "ci-2", expiresAt: undefined }], "expiresAt of generate is missing"],
  ["generate", [{ name: "ci-2", expiresAt: "2027-01-01" }], "expiresAt"],
  ["generate", [{ name: "ci-2", expiresAt: new Date() }], "expiresAt"],
  ["generate", [{ name: "ci-2", expiresAt: NaN }], "expiresAt"],
  ["generate", [{ name: "ci-2", expiresAt: NOW + 0.5 }], "expiresAt"],
  ["generate", [{ name: "ci-2", expiresAt: NOW * 1_000 }], "expiresAt"],
  ["generate", [{ name: 5, expiresAt: null }], "name"],
  ["generate", [{ name: null, expiresAt: null }], "name"],
  ["generate", [{ name: "ci-2", expiresAt: null, scopes: "notes:read" }], "scopes"],
  ["generate", [{ name: "ci-2", expiresAt: null, scopes: [5] }], "scopes"],
  ["generate", [{ name: "ci-2", expiresAt: null, audience: new URL("https://a.example") }], "audience"],
  ["generate", [{ name: "ci-2", expiresAt: null, owner: 5 }], "owner"],
  ["generate", [{ name: "ci-2", expiresAt: null, tags: ["a"] }], "tags"],
  ["generate", [{ name: "ci-2", expiresAt: null, tags: { a: 5 } }], "tags"],
  ["generate", [{ name: "ci-2", expiresAt: null, deliver: "stdout" }], "deliver"],
  ["generate", [{ name: "ci-2", expiresAt: null, scope: ["a"] }], 'no option "scope"'],
  ["rotate", ["ci"], "options as a plain object"],
  ["rotate", ["ci", {}], "deliver of rotate is missing"],
  ["rotate", ["ci", { deliver, overlap: "0" }], "overlap"],
  ["rotate", ["ci", { deliver, overlap: -1 }], "overlap"],
  ["rotate", ["ci", { deliver, overlap: null }], "overlap"],
  ["rotate", ["ci", { deliver, overlp: 0 }], 'no option "overlp"'],
  ["rotate", ["ci", { deliver, expiresAt: "never" }], "expiresAt"],
  ["rotate", ["ci", { deliver, ifOlderThan: "1h" }], "ifOlderThan"],
  ["rotate", ["ci", { deliver, prove: true }], "prove"],
  ["rotate", [undefined, { deliver }], "the key is missing"],
  ["finish", ["ci", { force: "false" }], "force"],
  ["finish", ["ci", { window: "1h" }], "window"],
  ["abort", ["ci", { force: 1 }], "force"],
  ["abort", [{ name: "ci" }], "the key is an object, not the id or name"],
  ["revoke", ["ci", { version: "1" }], "version"],
  ["revoke", ["ci", { version: null }], "version"],
  ["revoke", ["ci", { verison: 1 }], 'no option "verison"'],
  ["revoke", ["ci", { reason: "leaked" }], "reason"],
  ["revoke", ["ci", { reason: "undelivered" }], "reason"],
  ["revoke", ["ci", 1], "options as a plain object"],
  ["disable", [null], "the key is null"],
  ["enable", [], "the key is missing"],
  ["update", ["ci"], "options as a plain object"],
  ["update", ["ci", { scopes: "a" }], "scopes"],
  ["update", ["ci", { addScopes: [5] }], "addScopes"],
  ["update", ["ci", { owner: 5 }], "owner of update is 5, not a string, or null to remove it"],
  ["update", ["ci", { tags: { a: 5 } }], "tags"],
  ["update", ["ci", { expiresAt: "never" }], "expiresAt"],
  ["update", ["ci", { name: null }], "name"],
  ["update", ["ci", { scope: ["a"] }], 'no option "scope"'],
  ["get", [7], "the key is 7"],
  ["list", [{ digests: "no" }], "digests"],
  ["check", [], "the token is missing"],
  ["check", ["mcp_x", { scopes: "a" }], "scopes"],
  ["check", ["mcp_x", { audience: 5 }], "audience"],
  ["check", ["mcp_x", { now: 5 }], 'no option "now"'],
  ["verify", [["Bearer a"]], "the header is an array"],
  ["verify", ["Bearer a", { scope: "a" }], 'no option "scope"'],
];

describe("arguments of a caller without types", () => {
  test.each(WRONG)("%s rejects %j", async (call, args, says) => {
    const { untyped, write } = await open();
    const message = expect.stringContaining(says);
    await expect(untyped[call]!(...args)).rejects.toMatchObject({ code: "USAGE", message });
    expect(write).not.toHaveBeenCalled();
  });

  test("rejects a Secret instead of a string, without repeating the token", async () => {
    const { untyped, token } = await open();
    const fault: unknown = await untyped["check"]!(token).catch((error: unknown) => error);
    expect(fault).toMatchObject({ code: "USAGE", hint: expect.stringContaining("token.reveal()") });
    const stray: unknown = await untyped["revoke"]!("ci", { [token.reveal()]: 1 }).catch((error: unknown) => error);
    expect(stray).toMatchObject({ code: "USAGE" });
    expect(`${String(fault)} ${String(stray)}`).not.toContain(token.reveal().slice(17));
  });

  test.each([
    [undefined, "options as a plain object"],
    [{}, "store of createKeys is missing"],
    [{ store: openMemoryStore() }, "store of createKeys is a promise"],
    [{ store: "file:" }, "store of createKeys"],
    [{ now: 5 }, "now"],
    [{ peppers: ["p1:0123"] }, "peppers"],
    [{ pepper: [] }, 'no option "pepper"'],
  ])("createKeys rejects %j", async (options, says) => {
    const store = await openMemoryStore();
    const all = options === undefined || "store" in options || Object.keys(options).length === 0;
    const given = (all ? options : { store, ...options }) as KeysOptions;
    const message = expect.stringContaining(says);
    expect(() => createKeys(given)).toThrow(expect.objectContaining({ code: "USAGE", message }));
  });

  test("rejects a clock with fractions before it writes anything", async () => {
    const { keys } = await open();
    expect(await keys.list()).toHaveLength(1);
    await expect(open({ now: () => NOW + 0.25 })).rejects.toMatchObject({ code: "USAGE" });
  });

  test("rejects the promise of a store", async () => {
    const store = openMemoryStore() as never;
    const fault = { code: "USAGE", hint: "open one with: await openStore()" };
    await expect((async () => createVerifier({ store }))()).rejects.toMatchObject(fault);
    await expect(requireApiKeyFromEnv({ store })).rejects.toMatchObject(fault);
    await expect(openStore(5 as never)).rejects.toMatchObject({ code: "USAGE" });
  });

  test("rejects a token in a field that is stored, without repeating it", async () => {
    const { keys, token, write } = await open();
    const text = `my key is ${token.reveal()}`;
    const fields = [
      { name: token.reveal() },
      { name: `ghp_${"aB3".repeat(12)}` },
      { note: text },
      { owner: text },
      { scopes: ["a", token.reveal()] },
      { audience: [`https://host.example/${token.reveal()}`] },
      { tags: { a: text } },
      { tags: { [token.reveal()]: "a" } },
      { prefix: token.reveal() },
    ];
    for (const field of fields) {
      const fault: unknown = await keys.generate({ expiresAt: null, ...field }).catch((error: unknown) => error);
      expect(fault).toMatchObject({ code: expect.stringMatching(/^(TOKEN_MISPLACED|USAGE)$/) });
      expect(String(fault)).not.toContain(token.reveal().slice(17));
    }
    expect(write).not.toHaveBeenCalled();
  });

  test("treats undefined members as absent", async () => {
    const { keys } = await open();
    const wanted = { name: "ci-2", expiresAt: null, scopes: undefined, owner: undefined, deliver: undefined };
    expect(await keys.generate(wanted as never)).toMatchObject({ key: { scopes: [] } });
    expect(await keys.revoke("ci-2", { version: undefined })).toMatchObject({ changed: true });
  });
});
