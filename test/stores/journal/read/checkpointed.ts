import { FileMac } from "../../../../src/stores/journal/read/file-mac.ts";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseCheckpoint } from "../../../../src/stores/journal/read/checkpoint.ts";
import { journalOf } from "../bytes.ts";
import { aFolder, openIn } from "../../place.ts";

/** Returns the members of a checkpoint that covers these bytes. */
export function tagOf(bytes: Buffer | string, key = "0".repeat(32), index: Buffer = Buffer.alloc(0)) {
  const mac = new FileMac(key);
  mac.update(Buffer.from(bytes));
  mac.update(index);
  return { key, tag: mac.digest(), index };
}

export const three = journalOf(3);
export const names = (...numbers: number[]) => numbers.map((n) => `key-${n}`);

/** Creates a journal in its own folder. */
export async function aJournal(bytes: Buffer) {
  const folder = await aFolder();
  const path = join(folder, "keys.jsonl");
  const checkpoint = `${path}.checkpoint`;
  await writeFile(path, bytes, { mode: 0o600 });
  return {
    ...{ folder, path, checkpoint },
    readCheckpoint: async () => parseCheckpoint(await readFile(checkpoint)),
    writeCheckpoint: (content: string | Buffer) => writeFile(checkpoint, content, { mode: 0o600 }),
    /** Opens the store anew and lists its keys. */
    async list() {
      const store = await openIn(folder, {}, 1);
      return (await store.list()).map(({ name }) => name);
    },
  };
}

/** Creates a journal with a checkpoint after the first records and more records after it. */
export async function aCheckpointed(covered: Buffer, rest: Buffer) {
  const journal = await aJournal(covered);
  await journal.list();
  await writeFile(journal.path, Buffer.concat([covered, rest]));
  return journal;
}

/** The offset of the second record in `three`. */
export const SECOND = three.records[0]!.length + 1;
