import { hash } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { realDisk } from "../../../../src/stores/journal/disk/disk.ts";
import { formatCheckpoint } from "../../../../src/stores/journal/read/checkpoint.ts";
import { JournalReader } from "../../../../src/stores/journal/read/journal-reader.ts";
import type { NeededKeys } from "../../../../src/stores/journal/read/journal-reader.ts";
import { damagedLine, journalOf, recordOf } from "../bytes.ts";
import { aCheckpointed, names, SECOND, tagOf, three } from "./checkpointed.ts";
import { aDraft, aWorld, changesOf, keyNo, openIn, TORTURE } from "../../place.ts";

const NEEDS: readonly NeededKeys[] = ["some", "all", "parsed"];

describe("finds the same damage with a checkpoint as without", () => {
  const open = async (path: string, need: NeededKeys) => {
    const location = { path, uid: aWorld().uid, ownsFolder: false };
    const reader = await JournalReader.open(realDisk, location, { need, checkpointEvery: 1 });
    await reader?.close();
  };

  test("any altered byte, before and after the checkpoint", async () => {
    const covered = three.bytes.subarray(0, SECOND - 1 + three.records[1]!.length);
    const { path, checkpoint } = await aCheckpointed(covered, three.records[2]!);
    const kept = await readFile(checkpoint);
    for (let at = 0; at < three.bytes.length; at++) {
      for (const bit of TORTURE ? [1, 2, 4, 8, 16, 32, 64, 128] : [1 << (at % 8)]) {
        const bytes = Buffer.from(three.bytes);
        bytes[at] = bytes[at]! ^ bit;
        await writeFile(path, bytes);
        const fault = { code: "STORE_DAMAGED", message: expect.stringContaining(`line ${damagedLine(bytes)} of`) };
        await expect(open(path, NEEDS[at % 3]!), `byte ${at}`).rejects.toMatchObject(fault);
      }
    }
    expect(await readFile(checkpoint)).toEqual(kept);
    await writeFile(path, three.bytes);
    await open(path, "all");
  }, 120_000);

  test("a missing line before the checkpoint, and swapped lines", async () => {
    const [one, two, last] = three.records as [Buffer, Buffer, Buffer];
    for (const lines of [
      [two, last],
      [one, last],
      [two, one, last],
    ]) {
      const { list, path } = await aCheckpointed(three.bytes, Buffer.alloc(0));
      const bytes = Buffer.concat(lines);
      await writeFile(path, bytes);
      const fault = { code: "STORE_DAMAGED", message: expect.stringContaining(`line ${damagedLine(bytes)} of`) };
      await expect(list()).rejects.toMatchObject(fault);
    }
  });

  test("an unreadable record, covered or not", async () => {
    const body = `{"v":1,"seq":4,"prev":"${three.sums[3]}","at":1,"by":"x","op":"generate","keys":[{}]`;
    const bad = Buffer.from(`\n${body},"sum":"${hash("sha256", body)}"}\t`);
    const bytes = Buffer.concat([three.bytes, bad]);
    const { list, path, writeCheckpoint } = await aCheckpointed(three.bytes, bad);
    await expect(list()).rejects.toMatchObject({
      code: "STORE_DAMAGED",
      message: expect.stringContaining("line 5 of"),
    });
    const head = hash("sha256", body);
    const state = {
      size: bytes.length,
      seq: 4,
      head,
      newest: 1_000,
      epoch: "e",
      base: 0,
      until: 0,
      lines: 5,
      voids: [],
    };
    await writeCheckpoint(formatCheckpoint({ ...state, ...tagOf(bytes) }));
    await expect(list()).rejects.toMatchObject({ message: expect.stringContaining(`line 5 of ${path}`) });
  });

  test("a reader notices a history that lost records it has read, and accepts a history that continues", async () => {
    const { folder, path, list } = await aCheckpointed(journalOf(5).bytes, Buffer.alloc(0));
    const running = await openIn(folder, {}, 1);
    expect(await running.list()).toHaveLength(5);
    // Another file with the same history and more: its checkpoint is after the records that were read before.
    await writeFile(`${path}.copy`, journalOf(8).bytes, { mode: 0o600 });
    await rename(`${path}.copy`, path);
    expect(await list()).toHaveLength(8);
    expect(await running.list()).toHaveLength(8);
    await writeFile(`${path}.copy`, journalOf(9, 50).bytes, { mode: 0o600 });
    await rename(`${path}.copy`, path);
    expect(await list()).toHaveLength(9);
    await expect(running.list()).rejects.toMatchObject({ code: "STORE_DAMAGED" });
  });

  test("a file that is altered while it is open", async () => {
    const { folder, path } = await aCheckpointed(three.bytes, Buffer.alloc(0));
    for (const checkpointEvery of [1, 10_000]) {
      for (const bytes of [three.bytes.toString().replace("key-1", "key-X"), journalOf(3, 4).bytes]) {
        await writeFile(path, three.bytes);
        const store = await openIn(folder, {}, checkpointEvery);
        await store.list();
        expect(bytes).toHaveLength(three.bytes.length);
        await writeFile(path, bytes);
        await expect(changesOf(store)).rejects.toMatchObject({ code: "STORE_DAMAGED" });
      }
    }
  });
});

test("a line that lost a race before the checkpoint is void, and the next checkpoint covers it", async () => {
  const { bytes: late } = recordOf(90, 2, three.sums[1]!);
  const { bytes: fourth } = recordOf(4, 4, three.sums[3]!);
  for (const whole of [true, false]) {
    const { folder, path, list, readCheckpoint } = await aCheckpointed(three.bytes, Buffer.concat([late, fourth]));
    const store = await openIn(folder, {}, three.bytes.length);
    if (whole) expect(await store.list()).toHaveLength(4);
    else expect(await store.get("key-4")).toMatchObject({ name: "key-4" });
    // This reader had to verify everything, so it wrote a new checkpoint.
    expect(await readCheckpoint()).toMatchObject({ seq: 4, lines: 6, voids: { length: 1 } });
    // The same in a file that is already open.
    const open = await openIn(folder, {}, 1);
    await open.list();
    await writeFile(path, recordOf(93, 2, three.sums[1]!).bytes, { flag: "a" });
    expect(await open.list()).toHaveLength(4);
    await open.write(aDraft([keyNo(5)]));
    expect(await list()).toEqual(names(1, 2, 3, 4, 5));
    await writeFile(path, recordOf(94, 2, "f".repeat(64)).bytes, { flag: "a" });
    const fault = { code: "STORE_DAMAGED", message: expect.stringContaining("line 9 of") };
    await expect(open.list()).rejects.toMatchObject(fault);
    await expect(list()).rejects.toMatchObject(fault);
  }
});
