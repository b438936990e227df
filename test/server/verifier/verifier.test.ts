import fc from "fast-check";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { digestToken } from "../../../src/core/digest.ts";
import { formatToken, parseToken } from "../../../src/core/token.ts";
import { KeysError } from "../../../src/errors.ts";
import { createKeys } from "../../../src/keys/keys.ts";
import { createVerifier, type VerifierOptions } from "../../../src/server/verifier/verifier.ts";
import { openMemoryStore } from "../../../src/stores/memory.ts";
import { base62, RUNS } from "../../arbitraries.ts";
import { aKey, aVersion } from "../../fakes.ts";
import { createFixture } from "../fixture.ts";

const PEPPER = { id: "2026", key: "0123456789abcdef0123456789abcdef" };
const OLD_PEPPER = { id: "2025", key: "fedcba9876543210fedcba9876543210" };

describe("changes in the store take effect", () => {
  test("accepts a generated key", async () => {
    const { keys, verifier, followed } = await createFixture();
    const { token, key } = await keys.generate({ name: "ci", expiresAt: null });
    await followed();
    expect(verifier.verify(token.reveal())).toEqual({ ok: true, key, version: key.versions[0] });
    expect(verifier.verifyHeader(`Bearer ${token.reveal()}`)).toMatchObject({ ok: true, key: { name: "ci" } });
  });

  test("accepts both versions during an overlap, and rejects the old one from its last second", async () => {
    const { verifier, issue, rotate, clock } = await createFixture();
    const old = await issue("ci");
    const fresh = await rotate("ci", 50);
    clock.now += 49;
    expect([old, fresh].map((token) => verifier.verify(token))).toMatchObject([
      { ok: true, version: { n: 1, state: "retiring" } },
      { ok: true, version: { n: 2, state: "current" } },
    ]);
    clock.now += 1;
    expect(verifier.verify(old)).toMatchObject({ ok: false, reason: "expired", version: { n: 1 } });
    expect(verifier.verify(fresh)).toMatchObject({ ok: true });
  });

  test("accepts a pending version, which has to be tested before it is promoted", async () => {
    const { verifier, issue, keys, followed } = await createFixture();
    await issue("ci");
    await keys.rotate("ci", {
      deliver: async ({ token }) => {
        await followed();
        expect(verifier.verify(token.reveal())).toMatchObject({ ok: true, version: { n: 2, state: "pending" } });
      },
    });
    expect.assertions(1);
  });

  test("rejects revoked and disabled keys with their own reasons, and accepts a key that is enabled again", async () => {
    const { verifier, issue, keys, followed } = await createFixture();
    const token = await issue("ci");
    await keys.disable("ci");
    await followed();
    expect(verifier.verify(token)).toMatchObject({ ok: false, reason: "disabled" });
    await keys.enable("ci");
    await followed();
    expect(verifier.verify(token)).toMatchObject({ ok: true });
    await keys.revoke("ci");
    await followed();
    expect(verifier.verify(token)).toMatchObject({ ok: false, reason: "revoked", key: { name: "ci" } });
  });

  test("rejects an expired key without a read of the store", async () => {
    const { verifier, issue, clock } = await createFixture();
    const token = await issue("ci", { expiresAt: clock.now + 5 });
    clock.now += 4;
    expect(verifier.verify(token)).toMatchObject({ ok: true });
    clock.now += 1;
    expect(verifier.verify(token)).toMatchObject({ ok: false, reason: "expired" });
  });
});

describe("other tokens", () => {
  test("accepts an imported token by its digest", async () => {
    const { store, verifier, followed } = await createFixture();
    const opaque = "5f0c1e6a-77d3-4f6b-9a67-2f6d1c1a9e55";
    const key = aKey({ prefix: "opaque", versions: [aVersion({ digest: digestToken(opaque) })] });
    await store.write({ op: "import", at: 1, by: "test", keys: [key] });
    await followed();
    expect(verifier.verify(opaque)).toMatchObject({ ok: true, key: { name: "ci" } });
    expect(verifier.verify(`${opaque}x`)).toMatchObject({ ok: false, reason: "malformed" });
  });

  test("accepts a token whose digest was imported without its id", async () => {
    const { store, verifier, followed } = await createFixture();
    const token = formatToken({ prefix: "mcp", id: "AAAAAAAAAAAA", secret: "s".repeat(43) }).reveal();
    const versions = [aVersion({ digest: digestToken(token) })];
    const key = aKey({ id: "BBBBBBBBBBBB", prefix: "opaque", versions });
    await store.write({ op: "import", at: 1, by: "test", keys: [key] });
    await followed();
    expect(verifier.verify(token)).toMatchObject({ ok: true, key: { id: "BBBBBBBBBBBB" } });
  });

  test("accepts a token of a key with another id and any prefix, as a custom store may have", async () => {
    const store = await openMemoryStore();
    const token = formatToken({ prefix: "mcp", id: "AAAAAAAAAAAA", secret: "s".repeat(43) }).reveal();
    const versions = [aVersion({ digest: digestToken(token) })];
    await store.write({ op: "generate", at: 1, by: "test", keys: [aKey({ id: "BBBBBBBBBBBB", versions })] });
    const { verifier } = await createFixture({ store });
    expect(verifier.verify(token)).toMatchObject({ ok: true, key: { id: "BBBBBBBBBBBB" } });
  });

  test("reports a token with the id of a key and another secret as unknown, and does not name the key", async () => {
    const { verifier, issue, keys, lines } = await createFixture();
    await issue("ci");
    const [key] = await keys.list();
    const forged = formatToken({ prefix: "mcp", id: key!.id, secret: "s".repeat(43) }).reveal();
    expect(verifier.verify(forged)).toEqual({ ok: false, reason: "unknown" });
    expect(lines.join("\n")).toContain(`no version of the key ${key!.id}`);
  });

  test("accepts digests with a pepper, with an older one and without one", async () => {
    const { store, clock, verifier, issue, followed } = await createFixture({ peppers: [PEPPER, OLD_PEPPER] });
    const tokens = [await issue("new")];
    for (const peppers of [[OLD_PEPPER], []]) {
      const before = createKeys({ store, now: () => clock.now, by: "test", peppers });
      const { token } = await before.generate({ name: `key${tokens.length}`, expiresAt: null });
      tokens.push(token.reveal());
    }
    await followed();
    expect(tokens.map((token) => verifier.verify(token).ok)).toEqual([true, true, true]);
  });

  test("reads the pepper from the environment by default", async () => {
    vi.stubEnv("MCP_KEYS_PEPPER", `${PEPPER.id}:${PEPPER.key}`);
    onTestFinished(() => void vi.unstubAllEnvs());
    const { store, keys } = await createFixture({ peppers: [PEPPER] });
    const { token } = await keys.generate({ name: "ci", expiresAt: null });
    const verifier = await createVerifier({ store, now: () => 1_800_000_000 });
    onTestFinished(() => verifier.close());
    expect(verifier.verify(token.reveal())).toMatchObject({ ok: true });
    vi.stubEnv("MCP_KEYS_PEPPER", "short");
    await expect(createVerifier({ store })).rejects.toMatchObject({ code: "PEPPER_INVALID" });
  });
});

test("a verdict does not depend on earlier tokens, and is the same for a token and its header", async () => {
  const { verifier, issue, keys } = await createFixture();
  const tokens = [await issue("a"), await issue("b")];
  const ids = (await keys.list()).map(({ id }) => id);
  const valid = fc.constantFrom(...tokens);
  const ours = fc
    .record({ prefix: fc.constant("mcp"), id: fc.oneof(fc.constantFrom(...ids), base62(12)), secret: base62(43) })
    .map((parts) => formatToken(parts).reveal());
  const changed = fc
    .tuple(fc.oneof(valid, ours), fc.nat(), fc.constantFrom(..."0aZ_-.ö\u0141"))
    .map(([token, at, character]) => {
      const place = at % token.length;
      return token.slice(0, place) + character + token.slice(place + 1);
    });
  const any = fc.oneof({ weight: 4, arbitrary: valid }, ours, changed, fc.string());
  const many = fc.array(any, { minLength: 150, maxLength: 300 });
  fc.assert(
    fc.property(many, (sent) => {
      for (const token of sent) {
        const parsed = parseToken(token);
        const expected = tokens.includes(token) ? "ok" : parsed.ok ? "unknown" : parsed.reason;
        const verdict = verifier.verify(token);
        expect(verdict.ok ? "ok" : verdict.reason, token).toBe(expected);
        if (/\s|^$/.test(token)) continue;
        const inHeader = verifier.verifyHeader(`Bearer ${token}`);
        if (inHeader.ok !== verdict.ok) expect({ token, inHeader }).toEqual({ token, inHeader: verdict });
      }
    }),
    { numRuns: RUNS.some / 10 },
  );
});

test("gives every token the verdict of the command line after any sequence of changes", async () => {
  const operation = fc.record({
    do: fc.constantFrom("generate", "rotate", "finish", "revoke", "disable", "enable", "wait"),
    key: fc.integer({ min: 0, max: 2 }),
    seconds: fc.integer({ min: 0, max: 50 }),
  });
  const scenario = async (operations: { do: string; key: number; seconds: number }[]) => {
    const { keys, verifier, followed, clock } = await createFixture();
    const tokens: string[] = [];
    const deliver = async ({ token }: { token: { reveal(): string } }) => void tokens.push(token.reveal());
    for (const { do: what, key, seconds } of operations) {
      const name = `key${key}`;
      const steps: Record<string, () => Promise<unknown>> = {
        generate: () => keys.generate({ name, deliver, expiresAt: seconds > 25 ? clock.now + seconds : null }),
        rotate: () => keys.rotate(name, { overlap: seconds, deliver }),
        finish: () => keys.finish(name, { force: true }),
        revoke: () => keys.revoke(name, seconds > 25 ? { version: 1 } : {}),
        disable: () => keys.disable(name),
        enable: () => keys.enable(name),
        wait: async () => (clock.now += seconds),
      };
      await steps[what]!().catch((error: unknown) => expect(error).toBeInstanceOf(KeysError));
    }
    await followed();
    for (const token of tokens) {
      const { ok, ...rest } = await keys.check(token);
      expect(verifier.verify(token)).toMatchObject({ ok, ...("reason" in rest && { reason: rest.reason }) });
    }
    await verifier.close();
  };
  await fc.assert(fc.asyncProperty(fc.array(operation, { minLength: 3, maxLength: 12 }), scenario), {
    numRuns: Math.ceil(RUNS.some / 10),
  });
});

test("creates no error for a refusal", async () => {
  const { verifier, issue, keys, followed, clock } = await createFixture();
  const token = await issue("ci", { scopes: ["a"] });
  const expired = await issue("old", { expiresAt: clock.now + 1 });
  const unknown = await (await createFixture()).issue("ci");
  clock.now += 1;
  await keys.disable("ci");
  await followed();
  let made = 0;
  class Counted extends Error {
    constructor(message?: string) {
      super(message);
      made++;
    }
  }
  const parent = Object.getPrototypeOf(KeysError) as object;
  Object.setPrototypeOf(KeysError, Counted);
  try {
    for (const refused of [token, expired, unknown, "malformed", token.slice(0, -1)]) {
      expect(verifier.verify(refused).ok).toBe(false);
    }
    expect(made).toBe(0);
    clock.now += 61;
    expect(() => verifier.verify(token)).toThrow();
    expect(made).toBe(1);
  } finally {
    Object.setPrototypeOf(KeysError, parent);
  }
});

test("counts verdicts and passes each to the hook", async () => {
  const verdicts: unknown[] = [];
  const { verifier, issue } = await createFixture({
    onVerdict: ({ ok }) => {
      verdicts.push(ok);
      throw new Error("a hook that fails");
    },
  });
  const token = await issue("ci");
  verifier.verify(token);
  verifier.verify(token, { scopes: ["x"] });
  verifier.verifyHeader(null);
  verifier.verifyHeader("Bearer !");
  expect(verdicts).toEqual([true, false, false, false]);
  expect(verifier.counters).toMatchObject({
    accepted: 1,
    refused: { "insufficient-scope": 1, missing: 1, malformed: 1, unknown: 0 },
  });
});

test.each([
  [{ maxStalenes: 5 }, 'no option "maxStalenes"'],
  [{ maxStaleness: -1 }, "maxStaleness"],
  [{ maxStaleness: 5, pollEvery: 5 }, "maxStaleness"],
  [{ pollEvery: Number.NaN }, "pollEvery"],
  [{ flushEvery: "2" }, "flushEvery"],
  [{ audience: "mcp.example" }, "not a server URL"],
])("rejects invalid options: %o", async (options, says) => {
  const { store } = await createFixture();
  await expect(createVerifier({ store, ...options } as VerifierOptions)).rejects.toMatchObject({
    code: "USAGE",
    message: expect.stringContaining(says),
  });
});

test("applies its own audience to every request, in any spelling", async () => {
  const { verifier, issue } = await createFixture({ audience: "https://MCP.example:443/mcp/" });
  const here = await issue("here", { audience: ["https://mcp.example/mcp"] });
  const there = await issue("there", { audience: ["https://mcp.example/other"] });
  expect(verifier.verify(here)).toMatchObject({ ok: true });
  expect(verifier.verify(there)).toMatchObject({ ok: false, reason: "wrong-audience" });
});

test("without an audience, rejects keys that have one and logs why", async () => {
  const { verifier, issue, lines } = await createFixture();
  const bound = await issue("bound", { audience: ["https://mcp.example/mcp"] });
  expect(verifier.verify(await issue("free"))).toMatchObject({ ok: true });
  expect(verifier.verify(bound)).toMatchObject({ ok: false, reason: "wrong-audience" });
  expect(verifier.verify(bound, { audience: "https://mcp.example/mcp" })).toMatchObject({ ok: true });
  expect(lines.join("\n")).toContain("set `audience` here");
});
