import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, readdir, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openFileSink } from "../../src/sinks/file.ts";

const HOUR = 3_600;

test("removes the temporary files of a killed run, but not recent ones and not other files", async () => {
  const dir = await mkdtemp(join(tmpdir(), "mcp-keys-sweep-"));
  const now = Date.now() / 1000;
  const place = async (name: string, age: number) => {
    await writeFile(join(dir, name), "a token");
    await utimes(join(dir, name), now - age, now - age);
    return name;
  };
  await place(`.mcp-keys-${randomUUID()}.tmp`, HOUR + 60);
  const kept = [
    await place(`.mcp-keys-${randomUUID()}.tmp`, HOUR - 60),
    await place(".mcp-keys-notes.tmp", 2 * HOUR),
    await place("mcp-keys.key", 2 * HOUR),
    `.mcp-keys-${randomUUID()}.tmp`,
    `.mcp-keys-${randomUUID()}.tmp`,
  ];
  await mkdir(join(dir, kept[3]!));
  await utimes(join(dir, kept[3]!), now - 2 * HOUR, now - 2 * HOUR);
  await symlink(join(dir, "mcp-keys.key"), join(dir, kept[4]!));

  const sink = await openFileSink(join(dir, "out.key"), { force: false, uid: process.getuid?.() ?? null });
  await sink.deliver("x");
  expect((await readdir(dir)).sort()).toEqual([...kept, "out.key"].sort());
});
