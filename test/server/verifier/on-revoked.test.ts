import { describe, expect, onTestFinished, test, vi } from "vitest";
import { digestToken } from "../../../src/core/digest.ts";
import type { EndedVersion } from "../../../src/server/verifier/ended-version.ts";
import { createKeys } from "../../../src/keys/keys.ts";
import { createVerifier, type Verifier } from "../../../src/server/verifier/verifier.ts";
import { openMemoryStore } from "../../../src/stores/memory.ts";
import type { KeyStore } from "../../../src/stores/store.ts";
import { createFixture, until } from "../fixture.ts";

const NOW = 1_800_000_000;
const URL_HERE = "https://host.example/mcp";

function listen(verifier: Verifier) {
  const ended: EndedVersion[] = [];
  const stop = verifier.onRevoked((each) => ended.push(each));
  return { ended, stop };
}
const short = (ended: readonly EndedVersion[]) => ended.map(({ name, n, reason }) => `${name} ${n} ${reason}`);

describe("onRevoked", () => {
  test("reports each version of a key that is revoked, once, with its id", async () => {
    const { verifier, issue, rotate, keys } = await createFixture();
    await issue("ci");
    await rotate("ci", 3600);
    const { ended } = listen(verifier);
    const { id } = await keys.get("ci");
    await keys.revoke("ci");
    await until(() => ended.length === 2);
    await keys.generate({ name: "cd", expiresAt: null });
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(ended).toEqual([
      { id, name: "ci", n: 1, reason: "revoked" },
      { id, name: "ci", n: 2, reason: "revoked" },
    ]);
  });

  test("reports a version that is no longer valid in memory either", async () => {
    const { verifier, issue, keys } = await createFixture();
    const token = await issue("ci");
    const outcomes: boolean[] = [];
    verifier.onRevoked(() => outcomes.push(verifier.verify(token).ok));
    await keys.revoke("ci");
    await until(() => outcomes.length === 1);
    expect(outcomes).toEqual([false]);
  });

  test.each<[string, string, Parameters<Awaited<ReturnType<typeof createFixture>>["keys"]["update"]>[1]]>([
    ["an end in the past", "ci 1 expired", { expiresAt: NOW + 1 }],
    ["a scope less", "ci 1 updated", { removeScopes: ["deploy"] }],
    ["an audience where it had none", "ci 1 updated", { audience: [URL_HERE] }],
  ])("reports a key that gets %s", async (_, expected, changes) => {
    const { verifier, issue, keys, clock } = await createFixture();
    await issue("ci", { scopes: ["deploy", "read"] });
    const { ended } = listen(verifier);
    await keys.update("ci", changes);
    if (changes.expiresAt !== undefined) clock.now += 1;
    await until(() => ended.length > 0);
    expect(short(ended)).toEqual([expected]);
  });

  test("reports no key that gets a scope more, a new name or an end in the future", async () => {
    const { verifier, issue, keys, followed } = await createFixture();
    await issue("ci", { scopes: ["read"], audience: [URL_HERE] });
    const { ended } = listen(verifier);
    await keys.update("ci", { addScopes: ["deploy"], name: "cd", note: "hello", expiresAt: NOW + 7200 });
    await keys.update("cd", { audience: [URL_HERE, "https://other.example/mcp"] });
    await keys.update("cd", { audience: [] });
    await followed();
    expect(ended).toEqual([]);
  });

  test("reports a key that is disabled, and not again when that is revoked", async () => {
    const { verifier, issue, keys, followed } = await createFixture();
    await issue("ci");
    const { ended } = listen(verifier);
    await keys.disable("ci");
    await followed();
    await keys.revoke("ci");
    await followed();
    expect(short(ended)).toEqual(["ci 1 disabled"]);
  });

  test("reports a version that expires and one whose overlap ends within a second, without a change", async () => {
    const { verifier, issue, rotate, clock } = await createFixture();
    await issue("early", { expiresAt: NOW + 90 });
    await issue("late", { expiresAt: NOW + 4 * 3600 });
    await issue("rotated");
    await rotate("rotated", 120);
    const { ended } = listen(verifier);
    await new Promise((resolve) => setTimeout(resolve, 20));
    clock.now += 90;
    const start = performance.now();
    await until(() => ended.length === 1);
    expect(performance.now() - start).toBeLessThan(1_500);
    clock.now += 30;
    await until(() => ended.length === 2);
    clock.now += 4 * 3600;
    await until(() => ended.length === 3);
    expect(short(ended)).toEqual(["early 1 expired", "rotated 1 expired", "late 1 expired"]);
  }, 10_000);

  test("reports what the new history lacks if the history cannot be continued", async () => {
    const first = await openMemoryStore();
    const second = await openMemoryStore();
    let current: KeyStore = first;
    const store: KeyStore = {
      ...first,
      snapshot: () => current.snapshot(),
      async *changes(since) {
        if (current === first) yield* first.changes(since);
        else for await (const change of second.changes(0)) yield { ...change, seq: change.seq + 1_000 };
      },
    };
    const keys = createKeys({ store: first, now: () => NOW, by: "test", peppers: [] });
    for (const name of ["kept", "gone", "revoked", "disabled"]) await keys.generate({ name, expiresAt: null });
    const revoke = createKeys({ store: second, now: () => NOW, by: "test", peppers: [] });
    const all = (await keys.list()).filter(({ name }) => name !== "gone").map((key) => ({ ...key, revision: 0 }));
    await second.write({ op: "generate", at: NOW, by: "test", keys: all });
    await revoke.revoke("revoked");
    await revoke.disable("disabled");
    const verifier = await createVerifier({ store, now: () => NOW, pollEvery: 0.02, peppers: [] });
    onTestFinished(() => verifier.close());
    const { ended } = listen(verifier);
    current = second;
    await until(() => ended.length > 0);
    expect(short(ended).sort()).toEqual(["disabled 1 disabled", "gone 1 revoked", "revoked 1 revoked"]);
  });

  test("reports a version whose number belongs to another token after a restore from a backup", async () => {
    const first = await openMemoryStore();
    const keys = createKeys({ store: first, now: () => NOW, by: "test", peppers: [] });
    await keys.generate({ name: "ci", expiresAt: null });
    const before = await keys.get("ci");
    const restored = { ...before, versions: [{ ...before.versions[0]!, digest: digestToken("another token") }] };
    const verifier = await createVerifier({ store: first, now: () => NOW, pollEvery: 0.02, peppers: [] });
    onTestFinished(() => verifier.close());
    const { ended } = listen(verifier);
    await first.write({ op: "import", at: NOW, by: "test", keys: [restored] });
    await until(() => ended.length > 0);
    expect(short(ended)).toEqual(["ci 1 revoked"]);
  });

  test("a listener that throws or rejects is logged once, and the others are called all the same", async () => {
    const { verifier, issue, keys, lines } = await createFixture();
    await issue("ci");
    await issue("cd");
    verifier.onRevoked(() => {
      throw new TypeError("a secret");
    });
    verifier.onRevoked(() => Promise.reject(new Error("a secret")) as never);
    const { ended } = listen(verifier);
    await keys.revoke("ci");
    await keys.revoke("cd");
    await until(() => ended.length === 2);
    const logged = lines.filter((line) => line.includes("onRevoked"));
    expect(logged).toHaveLength(1);
    expect(logged[0]).toMatch(/^mcp-keys: a listener of onRevoked failed \(TypeError at .+\)$/);
    expect(lines.join()).not.toContain("a secret");
    expect(verifier.counters.faults).toBe(0);
  });

  test("stops when asked, and when the verifier closes", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    onTestFinished(() => void vi.useRealTimers());
    const { verifier, issue, keys, followed } = await createFixture();
    await issue("ci");
    const [first, second] = [listen(verifier), listen(verifier)];
    first.stop();
    first.stop();
    await keys.disable("ci");
    await until(() => second.ended.length === 1);
    second.stop();
    expect(vi.getTimerCount()).toBe(0);
    await keys.enable("ci");
    await keys.revoke("ci");
    await followed();
    listen(verifier);
    expect(vi.getTimerCount()).toBe(1);
    await verifier.close();
    expect(vi.getTimerCount()).toBe(0);
    listen(verifier);
    expect(vi.getTimerCount()).toBe(0);
    expect(first.ended).toEqual([]);
    expect(second.ended).toHaveLength(1);
  });

  test("rejects what is not a function", async () => {
    const { verifier } = await createFixture();
    expect(() => verifier.onRevoked("x" as never)).toThrow(expect.objectContaining({ code: "USAGE" }));
  });
});
