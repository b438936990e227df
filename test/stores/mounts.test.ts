import { execFileSync } from "node:child_process";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { inspectFiles } from "../../src/stores/inspect-files.ts";
import { aDraft, aFolder, keyNo, openIn } from "./place.ts";

/** Mounts a file system for one test. Returns `false` if the user may not. */
async function mount(folder: string, options: string): Promise<boolean> {
  await mkdir(folder, { mode: 0o700 });
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", options, "mcp-keys-test", folder], { stdio: "ignore" });
  } catch {
    return false;
  }
  onTestFinished(() => void execFileSync("umount", [folder]));
  return true;
}

// Without the permission to mount, file.test.ts and compact.test.ts cover this with injected failures.
test("reports a full disk with a hint, keeps the store, and continues once there is space", async ({ skip }) => {
  const folder = join(await aFolder(), "disk");
  if (!(await mount(folder, "size=64k,mode=700")))
    return skip("needs the permission to mount; injected failures cover it");
  const store = await openIn(folder);
  let written = 0;
  let fault: unknown = null;
  for (; written < 1_000 && fault === null; written++) {
    fault = await store.write(aDraft([keyNo(written)])).then(
      () => null,
      (cause: unknown) => cause,
    );
  }
  written--;
  expect(fault).toMatchObject({ code: "STORE_UNAVAILABLE", hint: expect.stringMatching(/^free some space/) });
  expect(written).toBeGreaterThan(25);
  for (const checkpointEvery of [undefined, 1]) {
    expect(await (await openIn(folder, {}, checkpointEvery)).list()).toHaveLength(written);
  }
  await expect(store.touch([{ id: keyNo(1).id, n: 1, at: 5 }])).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
  await expect(store.compact({ at: 1, by: "x" })).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
  expect(await store.list()).toHaveLength(written);
  // The reserve has room for these.
  for (const op of ["revoke", "disable"] as const) {
    const key = (await store.get(keyNo(op.length).id))!;
    await store.write(aDraft([{ ...key, enabled: false }], { op }));
    expect(await (await openIn(folder)).get(key.id)).toMatchObject({ enabled: false });
  }
  execFileSync("mount", ["-o", "remount,size=1m", folder]);
  await store.write(aDraft([keyNo(5_000)]));
  await store.compact({ at: 1, by: "x" });
  expect(await (await openIn(folder)).list()).toHaveLength(written + 1);
});

test("reads from a read-only disk, and a write says that it is read-only", async ({ skip }) => {
  const folder = join(await aFolder(), "disk");
  if (!(await mount(folder, "size=1m,mode=700")))
    return skip("needs the permission to mount; injected failures cover it");
  const writer = await openIn(folder);
  await writer.write(aDraft([keyNo(1)]));
  await writer.close();
  execFileSync("mount", ["-o", "remount,ro", folder]);
  expect(await (await openIn(folder, {}, 1)).list()).toHaveLength(1);
  expect(await inspectFiles(join(folder, "keys.jsonl"))).toMatchObject({ writable: false, isDiskReadOnly: true });
  const store = await openIn(folder);
  expect(await store.list()).toHaveLength(1);
  const fault = { code: "STORE_UNAVAILABLE", message: expect.stringContaining("the disk is read-only") };
  await expect(store.write(aDraft([keyNo(2)]))).rejects.toMatchObject(fault);
  await expect(store.touch([{ id: keyNo(1).id, n: 1, at: 5 }])).rejects.toMatchObject(fault);
  await expect(store.compact({ at: 1, by: "x" })).rejects.toMatchObject(fault);
  await expect((await openIn(join(folder, "new"))).write(aDraft([keyNo(2)]))).rejects.toMatchObject(fault);
  execFileSync("mount", ["-o", "remount,rw", folder]);
});

test("a file that ends anywhere in a line, as on a full disk, is not damaged", async () => {
  const folder = await aFolder();
  const path = join(folder, "keys.jsonl");
  const store = await openIn(folder);
  await store.write(aDraft([keyNo(1)]));
  const whole = await readFile(path);
  await writeFile(path, Buffer.concat([whole, whole.subarray(0, 77)]));
  expect((await stat(path)).size).toBe(whole.length + 77);
  expect(await store.list()).toHaveLength(1);
  await store.write(aDraft([keyNo(2)]));
  expect(await (await openIn(folder)).list()).toHaveLength(2);
});
