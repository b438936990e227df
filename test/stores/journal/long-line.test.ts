import { execFile } from "node:child_process";
import { hash } from "node:crypto";
import { appendFile, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { expect, test } from "vitest";
import { MAX_LINE } from "../../../src/stores/journal/format/line.ts";
import { aDraft, aFolder, changesOf, keyNo, openIn } from "../place.ts";
import { damagedLine, journalOf, read, recordOf } from "./bytes.ts";

const three = journalOf(3);
const [one, two, last] = three.records as [Buffer, Buffer, Buffer];
const WHOLE = { names: ["key-1", "key-2", "key-3"], head: three.sums[3] };
const MIB = 1024 * 1024;
const long = Buffer.concat([two.subarray(0, 200), Buffer.alloc(MAX_LINE, "x")]);

test("a line that is too long for a record is void, in pieces of any size", () => {
  const start = one.length;
  const end = start + long.length;
  for (const torn of [long, Buffer.concat([two.subarray(0, 200), Buffer.alloc(MAX_LINE)])]) {
    const file = Buffer.concat([one, torn, two, last]);
    expect(read(file)).toEqual(WHOLE);
    for (const ends of [[start + 1], [end - 1], [end], [end + 1], [start + 5, end - 5, end, end + 9]]) {
      expect(read(file, ends)).toEqual(WHOLE);
    }
    expect(read(Buffer.concat([three.bytes, torn]))).toEqual(WHOLE);
  }
});

test("a long line with a tab is damaged, in pieces of any size, and so are later lines with their number", () => {
  const altered = Buffer.concat([long, Buffer.from("xx\txx")]);
  const file = Buffer.concat([one, altered, two, last]);
  for (const cut of [1, 4, 5, 6]) expect(read(file, [one.length + altered.length - cut])).toBe("STORE_DAMAGED");
  expect(damagedLine(file)).toBe(3);
  expect(damagedLine(Buffer.concat([one, long, two, Buffer.from("\n{}\t")]))).toBe(5);
});

test("a record above the limit is refused before it is written, and one below it can be read", async () => {
  const folder = await aFolder();
  const path = join(folder, "keys.jsonl");
  const store = await openIn(folder, {}, 1);
  await store.write(aDraft([keyNo(1)]));
  const { size } = await stat(path);
  const tooLong = aDraft([keyNo(2, { note: "x".repeat(MAX_LINE) })]);
  const refusal = {
    code: "USAGE",
    message: expect.stringContaining("17 MiB"),
    hint: expect.stringContaining("nothing"),
  };
  await expect(store.write(tooLong)).rejects.toMatchObject(refusal);
  expect((await stat(path)).size).toBe(size);
  const note = "x".repeat(MAX_LINE - 1_000);
  await store.write(aDraft([keyNo(3, { note })]));
  await store.write(aDraft([keyNo(4)]));
  for (const opened of [store, await openIn(folder, {}, 1)]) {
    expect((await changesOf(opened)).map(({ keys }) => keys[0]?.name)).toEqual(["key-1", "key-3", "key-4"]);
    expect((await opened.get("key-3"))?.note).toHaveLength(note.length);
  }
});

test("the kind of a journal is known even if it begins with a long line", async () => {
  const kept = one
    .toString()
    .replace(/sha256:[0-9a-f]{64}/, "kept:KKKKKKKKKKK1-1-000000000000")
    .slice(1, -1);
  const body = kept.slice(0, kept.indexOf(',"sum"'));
  const record = `\n${body},"sum":"${hash("sha256", body)}"}\t`;
  const folder = await aFolder();
  await writeFile(join(folder, "keys.jsonl"), Buffer.concat([Buffer.from("\n"), long, Buffer.from(record)]), {
    mode: 0o600,
  });
  const refusal = { code: "STORE_UNAVAILABLE", message: expect.stringContaining("keychain") };
  for (const every of [1, undefined]) {
    await expect((await openIn(folder, {}, every)).list()).rejects.toMatchObject(refusal);
  }
});

/** Lists the keys and the changes of a store, and prints how many there are and the peak memory of the process in MiB. */
const READER = `
  import { existsSync, readFileSync } from "node:fs";
  import { openFileStore } from "./src/stores/file.ts";
  const world = { env: {}, uid: process.getuid?.() ?? null, dataDir: null };
  for (let round = 0; round < 2; round++) {
    const store = await openFileStore(process.argv[2], world);
    const key = await store.get("key-2");
    const keys = (await store.list()).length;
    let changes = 0;
    for await (const change of store.changes(0)) changes++;
    await store.close();
    console.log(key?.name, keys, changes);
  }
  // On Linux, maxRSS includes the peak of the process that started this one.
  const status = existsSync("/proc/self/status") ? readFileSync("/proc/self/status", "utf8") : "";
  const peak = Number(/^VmHWM:\\s*(\\d+)/m.exec(status)?.[1] ?? process.resourceUsage().maxRSS);
  console.log(Math.round(peak / 1024));
`;

test("a torn line of 256 MiB takes little memory: when all is verified, with a checkpoint, and for the history", async () => {
  const folder = await aFolder();
  const path = join(folder, "keys.jsonl");
  await writeFile(path, Buffer.concat([one, two.subarray(0, 200)]), { mode: 0o600 });
  await truncate(path, 256 * MIB);
  await appendFile(path, Buffer.concat([two, recordOf(3, 3, three.sums[2]!).bytes]));
  const outfile = join(folder, "reader.mjs");
  const stdin = { contents: READER, resolveDir: join(import.meta.dirname, "../../.."), loader: "ts" as const };
  await build({ stdin, bundle: true, outfile, platform: "node", format: "esm", target: "node20.17" });
  const { stdout } = await promisify(execFile)(process.execPath, [outfile, path]);
  const lines = stdout.trimEnd().split("\n");
  expect(lines.slice(0, 2)).toEqual(["key-2 3 3", "key-2 3 3"]);
  expect((await stat(`${path}.checkpoint`)).size).toBeGreaterThan(0);
  // Node itself takes about 50.
  expect(Number(lines[2])).toBeLessThan(250);
}, 30_000);
