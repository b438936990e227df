import { describe, expect, test } from "vitest";
import { KeysError } from "../../src/errors.ts";
import { createKeys } from "../../src/keys/keys.ts";
import { parseToken } from "../../src/core/token.ts";
import { openMemoryStore } from "../../src/stores/memory.ts";
import type { Draft, KeyStore } from "../../src/stores/store.ts";

const NOW = 1_800_000_000;

async function openKeys({ peppers = [] as { id: string; key: string }[], wrap = (store: KeyStore) => store } = {}) {
  const memory = await openMemoryStore();
  const store = wrap(memory);
  const clock = { now: NOW };
  const options = { now: () => clock.now, by: "ada@laptop" };
  return {
    keys: createKeys({ store, ...options, peppers }),
    plain: createKeys({ store: memory, ...options }),
    memory,
    clock,
  };
}

const forever = { expiresAt: null };

describe("generate", () => {
  test("returns a token that is valid at once, and stores only its digest", async () => {
    const { keys, memory } = await openKeys();
    const { key, version, token } = await keys.generate({ name: "ci", scopes: ["a", "a"], ...forever });
    expect(parseToken(token.reveal())).toMatchObject({ ok: true, id: key.id, prefix: "mcp" });
    expect(version).toMatchObject({ n: 1, state: "current", createdAt: NOW, promotedAt: NOW });
    expect(key.scopes).toEqual(["a"]);
    expect(await keys.check(token.reveal())).toMatchObject({ ok: true, key: { name: "ci" } });
    expect(await keys.verify(`Bearer ${token.reveal()}`, { scopes: ["a"] })).toMatchObject({ ok: true });
    expect(JSON.stringify(await memory.snapshot())).not.toContain(token.reveal().slice(17, 60));
  });

  test("delivers the pending version, then promotes it", async () => {
    const { keys, memory } = await openKeys();
    const seen: string[] = [];
    const { version } = await keys.generate({
      name: "ci",
      ...forever,
      deliver: async ({ token }) => {
        const stored = await memory.get("ci");
        seen.push(stored?.versions[0]?.state ?? "absent", (await keys.check(token.reveal())).ok ? "valid" : "refused");
      },
    });
    expect(seen).toEqual(["pending", "valid"]);
    expect(version.state).toBe("current");
  });

  test("lets only one of two concurrent calls have a name", async () => {
    const { keys } = await openKeys();
    const results = await Promise.allSettled([
      keys.generate({ name: "ci", ...forever }),
      keys.generate({ name: "ci", ...forever }),
    ]);
    expect(results.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(results.find(({ status }) => status === "rejected")).toMatchObject({ reason: { code: "NAME_TAKEN" } });
  });

  test("gives each of many unnamed keys its own name", async () => {
    const { keys } = await openKeys();
    await Promise.all(Array.from({ length: 20 }, () => keys.generate(forever)));
    expect(new Set((await keys.list()).map(({ name }) => name)).size).toBe(20);
  });

  test("rejects the id of a key as a name", async () => {
    const { keys } = await openKeys();
    const { key } = await keys.generate({ name: "ci", ...forever });
    await expect(keys.generate({ name: key.id, ...forever })).rejects.toMatchObject({ code: "NAME_TAKEN" });
  });
});

describe("rotate", () => {
  test("delivers while both versions work, proves, and only then retires the old version", async () => {
    const { keys, memory, clock } = await openKeys();
    const { token: old } = await keys.generate({ name: "ci", ...forever });
    const steps: string[] = [];
    const states = async () => (await memory.get("ci"))?.versions.map(({ state }) => state).join(" ") ?? "";
    const { retiring } = await keys.rotate("ci", {
      overlap: 100,
      deliver: async () => void steps.push(`deliver: ${await states()}`),
      prove: async () => void steps.push(`prove: ${await states()}`),
    });
    expect(steps).toEqual(["deliver: current pending", "prove: current pending"]);
    expect(await states()).toBe("retiring current");
    expect(retiring).toMatchObject([{ n: 1, retiresAt: NOW + 100 }]);
    clock.now += 100;
    expect(await keys.check(old.reveal())).toMatchObject({ ok: false, reason: "expired" });
  });

  test("leaves the old version current and both valid if the server refuses the new token", async () => {
    const { keys } = await openKeys();
    const { token: old } = await keys.generate({ name: "ci", ...forever });
    let fresh = "";
    const refused = keys.rotate("ci", {
      deliver: async ({ token }) => {
        fresh = token.reveal();
      },
      prove: () => Promise.reject(new KeysError("TOKEN_REFUSED", "refused")),
    });
    await expect(refused).rejects.toMatchObject({ code: "TOKEN_REFUSED" });
    expect((await keys.get("ci")).versions).toMatchObject([{ state: "current" }, { state: "pending" }]);
    expect([(await keys.check(old.reveal())).ok, (await keys.check(fresh)).ok]).toEqual([true, true]);
    await keys.abort("ci");
    expect((await keys.get("ci")).versions).toMatchObject([
      { state: "current" },
      { state: "revoked", reason: "superseded" },
    ]);
  });

  test("records the version that each of two concurrent rotations staged", async () => {
    const { keys, memory } = await openKeys();
    await keys.generate({ name: "ci", ...forever });
    await Promise.allSettled([
      keys.rotate("ci", { deliver: async () => {} }),
      keys.rotate("ci", { deliver: async () => {} }),
    ]);
    const staged: (number | undefined)[] = [];
    for await (const { op, version } of memory.changes(0)) if (op === "stage") staged.push(version);
    expect(staged).toEqual([2, 3]);
  });

  test("delivers a working token in both of two concurrent rotations", async () => {
    const { keys } = await openKeys();
    await keys.generate({ name: "ci", ...forever });
    const tokens: string[] = [];
    const deliver = async ({ token }: { token: { reveal(): string } }) => void tokens.push(token.reveal());
    await Promise.allSettled([keys.rotate("ci", { deliver }), keys.rotate("ci", { deliver })]);
    expect(tokens).toHaveLength(2);
    for (const token of tokens) expect(await keys.check(token)).toMatchObject({ ok: true });
  });

  test("delivers nothing if another rotation was promoted while the run was suspended", async () => {
    let suspended: (() => Promise<unknown>) | undefined;
    const { keys, plain, memory } = await openKeys({
      wrap: (store) => ({
        ...store,
        write: async (draft: Draft) => {
          const change = await store.write(draft);
          const resume = draft.op === "stage" ? suspended : undefined;
          if (resume !== undefined) suspended = undefined;
          await resume?.();
          return change;
        },
      }),
    });
    await keys.generate({ name: "ci", ...forever });
    suspended = () => plain.rotate("ci", { deliver: async () => {} });
    let delivered = 0;
    const deliver = async () => {
      delivered++;
    };
    await expect(keys.rotate("ci", { deliver })).rejects.toMatchObject({
      code: "STORE_CONFLICT",
      message: expect.stringContaining("nothing was delivered"),
    });
    expect(delivered).toBe(0);
    expect((await memory.get("ci"))?.versions).toMatchObject([
      { state: "retiring" },
      { state: "revoked", reason: "undelivered" },
      { state: "current" },
    ]);
  });

  test("keeps a token that may have arrived after the one of a newer version", async () => {
    const { keys, plain, memory } = await openKeys();
    await keys.generate({ name: "ci", ...forever });
    const deliver = async () => {
      await plain.rotate("ci", { overlap: 0, deliver: async () => {} });
      throw new KeysError("DELIVERY_UNCERTAIN", "perhaps");
    };
    await expect(keys.rotate("ci", { deliver })).rejects.toMatchObject({ code: "DELIVERY_UNCERTAIN" });
    expect((await memory.get("ci"))?.versions).toMatchObject([
      { state: "retired" },
      { state: "pending" },
      { state: "current" },
    ]);
  });

  test("does not promote a version that was revoked during the delivery", async () => {
    const { keys } = await openKeys();
    const { token: old } = await keys.generate({ name: "ci", ...forever });
    const rotated = keys.rotate("ci", {
      deliver: async () => {
        await keys.revoke("ci", { version: 2 });
      },
    });
    await expect(rotated).rejects.toMatchObject({ code: "STORE_CONFLICT" });
    expect(await keys.check(old.reveal())).toMatchObject({ ok: true });
  });
});

describe("concurrent changes", () => {
  test("are decided again after another write", async () => {
    let interfere: (() => Promise<unknown>) | undefined;
    const { keys, plain } = await openKeys({
      wrap: (store) => ({
        ...store,
        write: async (draft: Draft) => {
          const first = interfere;
          interfere = undefined;
          await first?.();
          return store.write(draft);
        },
      }),
    });
    await keys.generate({ name: "ci", ...forever });
    interfere = () => plain.disable("ci");
    const { key } = await keys.revoke("ci");
    expect(key).toMatchObject({ enabled: false, versions: [{ state: "revoked" }] });
    await expect(keys.enable("missing")).rejects.toMatchObject({ code: "KEY_NOT_FOUND" });
  });

  test("fail with a conflict after ten attempts", async () => {
    const conflict = new KeysError("STORE_CONFLICT", "conflict");
    let attempts = 0;
    const { keys, plain } = await openKeys({
      wrap: (store) => ({ ...store, write: () => (attempts++, Promise.reject(conflict)) }),
    });
    await plain.generate({ name: "ci", ...forever });
    await expect(keys.disable("ci")).rejects.toBe(conflict);
    expect(attempts).toBe(10);
  });
});

describe("check", () => {
  const pepper = { id: "p1", key: "0123456789abcdef0123456789abcdef" };

  test("accepts tokens issued with the current or an earlier pepper", async () => {
    const { keys, memory } = await openKeys({ peppers: [pepper] });
    const { token, version } = await keys.generate({ name: "ci", ...forever });
    expect(version.digest).toMatch(/^hmac-sha256:p1:/);
    expect(await keys.check(token.reveal())).toMatchObject({ ok: true });
    const next = { id: "p2", key: "f".repeat(32) };
    expect(await createKeys({ store: memory, peppers: [next, pepper] }).check(token.reveal())).toMatchObject({
      ok: true,
    });
  });

  test("rejects with PEPPER_MISSING, and refuses nothing, while the pepper is missing", async () => {
    const { keys, memory } = await openKeys({ peppers: [pepper] });
    const { token } = await keys.generate({ name: "ci", ...forever });
    const other = await openKeys();
    const unknown = (await other.keys.generate({ name: "ci", ...forever })).token.reveal();
    for (const peppers of [[{ id: "p2", key: "f".repeat(32) }], []]) {
      const without = createKeys({ store: memory, peppers });
      await expect(without.check(token.reveal())).rejects.toMatchObject({
        code: "PEPPER_MISSING",
        message: expect.stringContaining("p1"),
        hint: expect.stringContaining("MCP_KEYS_PEPPER"),
      });
      await expect(without.verify(`Bearer ${token.reveal()}`)).rejects.toMatchObject({ code: "PEPPER_MISSING" });
      expect(await without.check(unknown)).toEqual({ ok: false, reason: "unknown" });
    }
    await keys.revoke("ci");
    expect(await createKeys({ store: memory, peppers: [] }).check(token.reveal())).toMatchObject({ reason: "unknown" });
  });

  test("refuses the secret of one key with the id of another", async () => {
    const { keys } = await openKeys();
    const { token } = await keys.generate({ name: "a", ...forever });
    const { token: other } = await keys.generate({ name: "b", ...forever });
    expect(await keys.check(token.reveal().slice(0, 17) + other.reveal().slice(17))).toMatchObject({ ok: false });
  });

  test("throws if the store cannot answer, instead of refusing", async () => {
    const down = new KeysError("STORE_UNAVAILABLE", "down");
    const { keys, plain } = await openKeys({ wrap: (store) => ({ ...store, get: () => Promise.reject(down) }) });
    const { token } = await plain.generate({ name: "ci", ...forever });
    await expect(keys.check(token.reveal())).rejects.toBe(down);
  });

  test.each([null, undefined, "", "Basic x"])("refuses the header %j as missing", async (header) => {
    expect(await (await openKeys()).keys.verify(header)).toEqual({ ok: false, reason: "missing" });
  });
});
