import { spawnSync } from "node:child_process";
import { appendFileSync, chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { openFileStore } from "../../src/stores/file.ts";
import { peekKeys } from "../../src/stores/peek.ts";
import { aDraft, aWorld, keyNo } from "./place.ts";

const dir = mkdtempSync(join(tmpdir(), "mcp-keys-peek-"));
afterAll(() => {
  rmSync(dir, { recursive: true });
});
const world = aWorld();
let files = 0;
const newFile = (): string => join(dir, `${String(files++)}.jsonl`);

async function fileWithKeys(): Promise<string> {
  const path = newFile();
  const store = await openFileStore(path, world);
  for (const number of [1, 2, 3]) await store.write(aDraft([keyNo(number)]));
  const [first] = await store.list();
  await store.write(aDraft([{ ...first!, name: "renamed", enabled: false }]));
  await store.close();
  return path;
}
const namesIn = (path: string) => peekKeys(`file:${path}`, world)?.map(({ name }) => name);

test("finds the keys of a file as the store does", async () => {
  const path = await fileWithKeys();
  const store = await openFileStore(path, world);
  const seen = (await store.list()).map(({ name, enabled }) => ({ name, enabled }));
  expect(peekKeys(`file:${path}`, world)?.map(({ name, enabled }) => ({ name, enabled }))).toEqual(seen);
  await store.close();
});

test("skips lines that are no records, and names that a shell could take for something else", async () => {
  const path = await fileWithKeys();
  const names = namesIn(path);
  for (const name of ["a\tb", "a\nb", "-f", "", "$(x)", "a b"]) {
    appendFileSync(path, `\n${JSON.stringify({ keys: [{ id: name, name, versions: [] }] })}\t`);
  }
  appendFileSync(
    path,
    '\n{"keys":[null,1,{"name":1},{"id":"x","name":"x","versions":[1]}]}\t\n{"keys":1}\t\nnull\n{"v":1,"seq"',
  );
  expect(namesIn(path)).toEqual(names);
});

test("never throws, whatever is in the file", () => {
  const path = newFile();
  const line = fc.oneof(
    fc.string(),
    fc.json(),
    fc.json().map((keys) => `{"keys":[${keys}]}`),
  );
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      writeFileSync(path, lines.join("\n"), { mode: 0o600 });
      for (const name of namesIn(path)!) expect(name).toMatch(/^[\w.][\w.-]*$/);
    }),
  );
});

test("leaves to the store: a large file, one of other users, a link, a pipe, a folder, a missing file, another kind of store", async () => {
  const large = newFile();
  writeFileSync(large, "x".repeat(2 ** 20 + 1), { mode: 0o600 });
  const open = await fileWithKeys();
  chmodSync(open, 0o644);
  const link = newFile();
  symlinkSync(await fileWithKeys(), link);
  const pipe = newFile();
  spawnSync("mkfifo", ["-m", "600", pipe]);
  const paths = process.platform === "win32" ? [large, dir, newFile()] : [large, open, link, pipe, dir, newFile()];
  for (const path of paths) expect(peekKeys(`file:${path}`, world)).toBeNull();
  for (const spec of ["env:", "keychain:", "archive:x", ""]) expect(peekKeys(spec, world)).toBeNull();
});
