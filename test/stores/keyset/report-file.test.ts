import { mkdir, readdir, readFile, stat, symlink, unlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { digestToken } from "../../../src/core/digest.ts";
import { toKeyset } from "../../../src/core/keyset/keyset.ts";
import { parseReports } from "../../../src/core/usage-report.ts";
import { openEnvStore } from "../../../src/stores/env.ts";
import { openKeysetStore } from "../../../src/stores/keyset.ts";
import { aKey, aVersion } from "../../fakes.ts";
import { aFolder } from "../place.ts";

const OTHER = "000000000000";
const key = aKey({ versions: [aVersion({ n: 1 }), aVersion({ n: 2, digest: digestToken("b") })] });
const { id } = key;
const keysetText = JSON.stringify(
  toKeyset([key], { store: "file:/origin", seq: 1, epoch: "first", now: 1, names: true }),
);

async function aKeysetStore() {
  const folder = await aFolder();
  await writeFile(join(folder, "keyset.json"), keysetText, { mode: 0o600 });
  const open = () =>
    openKeysetStore(join(folder, "keyset.json"), { env: {}, uid: process.getuid?.() ?? null, dataDir: null });
  const path = join(folder, "uses.json");
  const read = async () => parseReports(await readFile(path, "utf8"), path)[0]!;
  return { folder, path, read, open, store: await open() };
}

test("says which store the keyset is from, who reports, until when, and what was used", async () => {
  const { store, path, read } = await aKeysetStore();
  await store.report?.(path, { server: "edge-1", at: 100, uses: [{ id, n: 1, at: 90 }] });
  await store.report?.(path, { server: "edge-1", at: 200, uses: [] });
  expect(await read()).toEqual({ store: "file:/origin", server: "edge-1", at: 200, uses: [{ id, n: 1, at: 90 }] });
});

test("leaves out keys that are not in the keyset", async () => {
  const { store, path, read } = await aKeysetStore();
  await store.report?.(path, { server: "edge-1", at: 100, uses: [{ id: OTHER, n: 1, at: 90 }] });
  expect((await read()).uses).toEqual([]);
});

test("keeps the uses that an earlier process reported, because nobody may have imported them", async () => {
  const { store, open, path, read } = await aKeysetStore();
  await store.report?.(path, { server: "edge-1", at: 100, uses: [{ id, n: 1, at: 90 }] });
  await (await open()).report?.(path, { server: "edge-1", at: 110, uses: [{ id, n: 2, at: 105 }] });
  await store.report?.(path, { server: "edge-1", at: 120, uses: [] });
  expect((await read()).uses).toEqual([
    { id, n: 1, at: 90 },
    { id, n: 2, at: 105 },
  ]);
});

test("writes everything again after the file was removed", async () => {
  const { store, path, read } = await aKeysetStore();
  await store.report?.(path, { server: "edge-1", at: 100, uses: [{ id, n: 1, at: 90 }] });
  await unlink(path);
  await store.report?.(path, { server: "edge-1", at: 110, uses: [] });
  expect((await read()).uses).toHaveLength(1);
});

test("leaves no draft behind, and removes the one of a killed process", async () => {
  const { folder, store, path } = await aKeysetStore();
  const [killed, young] = [`${path}.0123456789abcdef.tmp`, `${path}.fedcba9876543210.tmp`];
  for (const draft of [killed, young]) await writeFile(draft, "");
  await utimes(killed, 1, 1);
  await store.report?.(path, { server: "edge-1", at: 100, uses: [] });
  expect((await readdir(folder)).sort()).toEqual(["keyset.json", "uses.json", "uses.json.fedcba9876543210.tmp"]);
  expect((await stat(path)).mode & 0o777).toBe(0o644);
});

describe("does not replace", () => {
  test.each([
    ["a keyset", keysetText],
    ["a text", "hello"],
  ])("%s", async (_, text) => {
    const { store, path } = await aKeysetStore();
    await writeFile(path, text);
    const report = store.report?.(path, { server: "edge-1", at: 100, uses: [] });
    await expect(report).rejects.toMatchObject({ code: "OUTPUT_EXISTS" });
    expect(await readFile(path, "utf8")).toBe(text);
  });

  test("a folder, and the file behind a link", async () => {
    const { folder, store } = await aKeysetStore();
    await mkdir(join(folder, "dir"));
    await symlink(join(folder, "keyset.json"), join(folder, "link"));
    for (const name of ["dir", "link"]) {
      const report = store.report?.(join(folder, name), { server: "edge-1", at: 100, uses: [] });
      await expect(report).rejects.toMatchObject({ code: "OUTPUT_EXISTS" });
    }
  });
});

test("an empty file is replaced, and a missing folder is a fault of the store", async () => {
  const { folder, store, path, read } = await aKeysetStore();
  await writeFile(path, "");
  await store.report?.(path, { server: "edge-1", at: 100, uses: [] });
  expect((await read()).at).toBe(100);
  const report = store.report?.(join(folder, "missing", "uses.json"), { server: "edge-1", at: 100, uses: [] });
  await expect(report).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
});

test("env: reports the keys of its keyset, but not the tokens next to it, whose versions it does not know", async () => {
  const { path, read } = await aKeysetStore();
  const store = await openEnvStore("", {
    env: { MCP_API_KEYSET: keysetText, MCP_API_KEY: "kV7pR2mX9" + "qL4tB8wZ1nC6yH3jD5" },
  });
  const other = (await store.list()).find((each) => each.id !== id)!;
  const uses = [
    { id, n: 1, at: 90 },
    { id: other.id, n: 1, at: 90 },
  ];
  await store.report?.(path, { server: "edge-1", at: 100, uses });
  expect(await read()).toMatchObject({ store: "file:/origin", uses: [{ id, n: 1 }] });
  expect((await openEnvStore("", { env: {} })).report).toBeUndefined();
});
