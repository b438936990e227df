import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseCheckpoint } from "../../../../src/stores/journal/read/checkpoint.ts";
import { journalOf } from "../bytes.ts";
import { aFolder, openIn } from "../../place.ts";

export const three = journalOf(3);
export const names = (...numbers: number[]) => numbers.map((n) => `key-${n}`);

/** A journal in a folder of its own. */
export async function aJournal(bytes: Buffer) {
  const folder = await aFolder();
  const path = join(folder, "keys.jsonl");
  const checkpoint = `${path}.checkpoint`;
  await writeFile(path, bytes, { mode: 0o600 });
  return {
    ...{ folder, path, checkpoint },
    readCheckpoint: async () => parseCheckpoint(await readFile(checkpoint)),
    writeCheckpoint: (content: string | Buffer) => writeFile(checkpoint, content, { mode: 0o600 }),
    /** What one who starts afresh finds. */
    async list() {
      const store = await openIn(folder, {}, 1);
      return (await store.list()).map(({ name }) => name);
    },
  };
}

/** The same, with a mark behind the first records, and more behind the mark. */
export async function aCheckpointed(covered: Buffer, rest: Buffer) {
  const journal = await aJournal(covered);
  await journal.list();
  await writeFile(journal.path, Buffer.concat([covered, rest]));
  return journal;
}

/** Where the second line starts in `three`. */
export const SECOND = three.records[0]!.length + 1;
