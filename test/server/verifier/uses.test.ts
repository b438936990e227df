import { readFile, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { toKeyset } from "../../../src/core/keyset/keyset.ts";
import { parseReports } from "../../../src/core/usage-report.ts";
import { toServerName } from "../../../src/core/usage.ts";
import { createVerifier } from "../../../src/server/verifier/verifier.ts";
import { openKeysetStore } from "../../../src/stores/keyset.ts";
import { openMemoryStore } from "../../../src/stores/memory.ts";
import { aFolder } from "../../stores/place.ts";
import { createFixture, until } from "../fixture.ts";

describe("the name of a server", () => {
  test("is the host name by default", async () => {
    const { verifier, issue, trouble } = await createFixture();
    verifier.verify(await issue("ci"));
    await until(() => trouble.touched.length > 0);
    expect(trouble.touched.flat()).toEqual([expect.objectContaining({ server: toServerName(hostname()) })]);
  });

  test.each([["a b"], [""], ["-x"], ["x".repeat(65)], [7]])("is not %j", async (name) => {
    const store = await openMemoryStore();
    await expect(createVerifier({ store, name: name as string })).rejects.toMatchObject({ code: "USAGE" });
  });
});

test("a server whose clock is behind records its uses, although another one has recorded later ones", async () => {
  const store = await openMemoryStore();
  const first = await createFixture({ store, name: "ahead", maxStaleness: 86_400 });
  const token = await first.issue("ci");
  first.clock.now += 1_000;
  first.verifier.verify(token);
  await until(async () => (await store.usage()).uses.length === 1);
  const second = await createFixture({ store, name: "behind" });
  second.verifier.verify(token);
  await until(async () => (await store.usage()).uses.some(({ server }) => server === "behind"));
});

describe("an old version in use in the last hour of its overlap", () => {
  const aRotation = async () => {
    const fixture = await createFixture({ name: "web-1", maxStaleness: 86_400 });
    const old = await fixture.issue("ci");
    const token = await fixture.rotate("ci", 7_200);
    const inUse = () => fixture.lines.filter((line) => line.includes("still in use"));
    const use = async (which: string) => {
      fixture.clock.now += 1;
      const before = fixture.trouble.touched.length;
      fixture.verifier.verify(which);
      await until(() => fixture.trouble.touched.length > before);
    };
    return { ...fixture, old, token, inUse, use };
  };

  test("is logged once, with its end, and the end stays where it is", async () => {
    const { old, token, clock, inUse, use, verifier } = await aRotation();
    await use(old);
    expect(inUse()).toEqual([]);
    clock.now += 3_600;
    await use(token);
    await use(old);
    await use(old);
    expect(inUse()).toEqual([
      expect.stringMatching(
        /^mcp-keys: version 1 of ci \(\w{12}\) is still in use and stops working in 59m, at 20.*Z;/,
      ),
    ]);
    clock.now += 3_600;
    expect(verifier.verify(old)).toMatchObject({ ok: false, reason: "expired" });
  });

  test("gets at most ten lines and one for the rest", async () => {
    const fixture = await createFixture();
    const tokens: string[] = [];
    for (let i = 0; i < 13; i++) tokens.push(await fixture.issue(`key-${String(i)}`));
    for (let i = 0; i < 13; i++) await fixture.rotate(`key-${String(i)}`, 600);
    for (const token of tokens) fixture.verifier.verify(token);
    await until(() => fixture.lines.some((line) => line.includes("more old versions")));
    for (const token of tokens) {
      fixture.clock.now += 1;
      fixture.verifier.verify(token);
    }
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(fixture.lines.filter((line) => line.includes("still in use"))).toHaveLength(10);
    expect(fixture.lines.filter((line) => line.includes("more old versions"))).toHaveLength(1);
  });
});

describe("a server that reads a keyset", () => {
  const aKeyset = async () => {
    const folder = await aFolder();
    const origin = await createFixture();
    const token = await origin.issue("ci");
    const [keyset, path] = [join(folder, "keyset.json"), join(folder, "uses.json")];
    const { seq, epoch, keys } = await origin.store.snapshot();
    const source = { store: "file:/origin", seq, epoch, now: origin.clock.now, names: true };
    await writeFile(keyset, JSON.stringify(toKeyset(keys, source)), { mode: 0o600 });
    const store = await openKeysetStore(keyset, { env: {}, uid: process.getuid?.() ?? null, dataDir: null });
    const read = async () => parseReports(await readFile(path, "utf8"), path)[0]!;
    return { folder, token, store, path, read, id: keys[0]!.id };
  };

  test("reports that it is there, then what it saw, and the rest when it closes", async () => {
    const { store, path, read, token, id } = await aKeyset();
    const fixture = await createFixture({ store, name: "edge-1", uses: `file:${path}`, flushEvery: 3600 });
    expect(await read()).toEqual({ store: "file:/origin", server: "edge-1", at: fixture.clock.now, uses: [] });
    fixture.clock.now += 5;
    fixture.verifier.verify(token);
    await until(async () => (await read()).uses.length === 1);
    fixture.clock.now += 5;
    fixture.verifier.verify(token);
    await fixture.verifier.close();
    const at = fixture.clock.now;
    expect(await read()).toMatchObject({ at, uses: [{ id, n: 1, at }] });
  });

  test("does not start if the file is something else, or the store has no keyset", async () => {
    const { store, path, folder } = await aKeyset();
    const uses = `file:${join(folder, "keyset.json")}`;
    await expect(createVerifier({ store, uses })).rejects.toMatchObject({ code: "OUTPUT_EXISTS" });
    for (const wrong of ["uses.json", "file:", "keyset:x"]) {
      await expect(createVerifier({ store, uses: wrong })).rejects.toMatchObject({ code: "USAGE" });
    }
    const memory = await openMemoryStore();
    await expect(createVerifier({ store: memory, uses: `file:${path}` })).rejects.toMatchObject({ code: "USAGE" });
  });

  test("starts if the report cannot be written, logs that, and accepts its tokens", async () => {
    const { store, folder, token } = await aKeyset();
    const lines: string[] = [];
    const uses = `file:${join(folder, "missing", "uses.json")}`;
    const verifier = await createVerifier({ store, uses, log: (line) => lines.push(line), flushEvery: 0.02 });
    expect(verifier.verify(token).ok).toBe(true);
    await verifier.close();
    expect(lines.filter((line) => line.includes("last-used times cannot be written"))).toHaveLength(1);
  });
});
