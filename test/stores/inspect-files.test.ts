import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { inspectFiles } from "../../src/stores/inspect-files.ts";
import { aDraft, aFolder, keyNo, openIn } from "./place.ts";

test("reports the journal, its folders and its sidecars, and changes nothing", async () => {
  const folder = await aFolder();
  const path = join(folder, "keys.jsonl");
  const store = await openIn(folder);
  await store.write(aDraft([keyNo(1)]));
  await store.touch([{ id: keyNo(1).id, n: 1, at: 5 }]);
  await writeFile(`${path}.0123456789ab.next`, "", { mode: 0o600 });
  await writeFile(`${path}.used.0123456789abcdef.tmp`, "", { mode: 0o640 });
  await symlink("/dev/null", `${path}.checkpoint`);
  await writeFile(join(folder, "other.jsonl"), "");
  await chmod(path, 0o644);
  const { folder: parent, parents, journal, isJournal, sidecars, writable } = await inspectFiles(path);
  expect(parents[0]).toMatchObject({ path: dirname(folder), type: "folder" });
  expect(parents.at(-1)).toMatchObject({ path: "/", type: "folder", kind: "folder" });
  expect(parent).toMatchObject({ path: folder, kind: "folder", type: "folder", mode: 0o700, uid: process.getuid?.() });
  expect(journal).toMatchObject({ path, kind: "journal", type: "file", mode: 0o644 });
  expect(journal!.size).toBeGreaterThan(300);
  expect(
    sidecars.map(({ kind, type, mode }) => `${kind} ${type} ${type === "link" ? "" : mode.toString(8)}`).sort(),
  ).toEqual(["checkpoint link ", "draft file 640", "next file 600", "reserve file 600", "uses file 600"]);
  expect([writable, isJournal]).toEqual([true, true]);
});

test("reports missing files, also through a link", async () => {
  const folder = await aFolder();
  const missing = { journal: null, isJournal: false, sidecars: [], writable: true, isDiskReadOnly: false };
  expect(await inspectFiles(join(folder, "a", "b", "keys.jsonl"))).toEqual({ ...missing, parents: [], folder: null });
  await mkdir(join(folder, "real"), { mode: 0o700 });
  await symlink(join(folder, "real"), join(folder, "link"));
  expect(await inspectFiles(join(folder, "link", "keys.jsonl"))).toMatchObject({
    ...missing,
    folder: { path: join(folder, "real"), type: "folder" },
  });
});

test.skipIf(process.getuid?.() === undefined)("fails if the folder is a file", async () => {
  const folder = await aFolder();
  await writeFile(join(folder, "file"), "");
  await expect(inspectFiles(join(folder, "file", "keys.jsonl"))).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
});
