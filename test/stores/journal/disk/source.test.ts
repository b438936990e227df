import { open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Source } from "../../../../src/stores/journal/disk/source.ts";
import { aFolder, aWorld } from "../../place.ts";

async function aSource(content: Buffer) {
  const path = join(await aFolder(), "file");
  await writeFile(path, content, { mode: 0o600 });
  const source = new Source({ path, uid: aWorld().uid, ownsFolder: false }, await open(path));
  onTestFinished(() => source.close());
  return source;
}

test("passes unprocessed bytes again, with more", async () => {
  const content = Buffer.alloc(3 * 1024 * 1024 + 5, "abc");
  const source = await aSource(content);
  for (const keeps of [true, false]) {
    const taken: Buffer[] = [];
    let calls = 0;
    await source.chunks(
      0,
      content.length,
      (bytes, at) => {
        expect(bytes.equals(content.subarray(at, at + bytes.length))).toBe(true);
        // Needs more than a chunk at first, and less later.
        if (calls++ === 0) return 0;
        const done = at + bytes.length === content.length ? bytes.length : bytes.length - 7;
        taken.push(Buffer.from(bytes.subarray(0, done)));
        return done;
      },
      () => keeps,
    );
    expect(Buffer.concat(taken).equals(content)).toBe(true);
  }
});

test("stops at the end of a file that became shorter", async () => {
  const source = await aSource(Buffer.from("abc"));
  const seen: string[] = [];
  await source.chunks(0, 100, (bytes) => {
    seen.push(bytes.toString());
    return bytes.length;
  });
  expect(seen).toEqual(["abc"]);
});
