import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { aDraft, aFolder, changesOf, keyNo, openIn } from "../place.ts";

const page = readFileSync(join(import.meta.dirname, "../../../docs/journal.md"), "utf8");
const block = (language: string) => new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(page)![1]!;
const example = block("json")
  .trimEnd()
  .split("\n")
  .map((line) => `\n${line}\t`)
  .join("");

test("the example in docs/journal.md is a journal", async () => {
  const folder = await aFolder();
  await writeFile(join(folder, "keys.jsonl"), example, { mode: 0o600 });
  const store = await openIn(folder);
  expect(await store.get("ci")).toMatchObject({ id: "7Fq2x9Lm0aBc", enabled: false, revision: 2 });
  expect(await changesOf(store)).toMatchObject([
    { seq: 1, op: "generate", version: 1 },
    { seq: 2, op: "disable", detail: "lost laptop" },
  ]);
});

test("the reader in docs/journal.md reads a journal, before and after compaction, and rejects an altered one", async ({
  skip,
}) => {
  if (spawnSync("python3", ["--version"]).status !== 0) return skip("python3 is not installed");
  const folder = await aFolder();
  const path = join(folder, "keys.jsonl");
  const program = join(folder, "read.py");
  await writeFile(program, block("python"));
  const readIt = () =>
    execFileSync("python3", [program, path], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  const store = await openIn(folder);
  await store.write(aDraft([keyNo(1), keyNo(2)]));
  await store.write(aDraft([keyNo(1, { revision: 1, note: "changed" })]));
  const wanted = `${keyNo(1).id} key-1 2\n${keyNo(2).id} key-2 1\n`;
  expect(readIt()).toBe(wanted);
  await store.compact({ at: 1, by: "x" });
  expect(readIt()).toBe(wanted);
  await writeFile(path, readFileSync(path, "latin1").replace("changed", "Changed"));
  expect(readIt).toThrow(expect.objectContaining({ status: 1 }));
});
