import { randomBytes } from "node:crypto";
import type { Position } from "../../../core/position.ts";
import { KeysError } from "../../../errors.ts";
import type { Change, EpochOptions } from "../../store.ts";
import type { Disk } from "../disk/disk.ts";
import type { JournalLocation } from "../disk/folder.ts";
import { EMPTY_EPOCH, epochAfter } from "../format/epoch.ts";
import { GENESIS } from "../format/record.ts";
import type { Journal } from "../journal.ts";
import { replaceJournal, writeSuccessor } from "./successor.ts";

const MAX_ATTEMPTS = 20;

/**
 * Implements {@link KeyStore.startEpoch}: replaces the journal with one that has the same history, a change `adopt`, and the next epoch.
 * A process that knows a longer history of the earlier epoch then goes on with this one.
 * @throws {@link KeysError} `STORE_CONFLICT` if other processes keep writing, `STORE_READ_ONLY` if the journal has ended
 */
export async function startEpoch(
  disk: Disk,
  location: JournalLocation,
  journal: Journal,
  { at, by }: EpochOptions,
): Promise<Position> {
  // Drops what this process knows: it may be the longer history.
  await journal.close();
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const reader = await journal.catchUpToWrite("parsed");
    if (reader === null || reader.chain.seq === 0) return { epoch: EMPTY_EPOCH, seq: 0 };
    const seq = reader.chain.seq + 1;
    const history = await reader.changes(1, Infinity);
    const adopted: Change = { seq, at, by, op: "adopt", keys: [] };
    const epoch = epochAfter(reader.chain.epoch, randomBytes(4).toString("hex"));
    const content = { changes: [...history, adopted], last: seq, prev: GENESIS, epoch };
    const successor = await writeSuccessor(disk, location, content);
    if (successor !== null && (await replaceJournal(disk, location, journal, successor, adopted)))
      return { epoch, seq };
  }
  throw new KeysError("STORE_CONFLICT", `${location.path} kept changing while its history was accepted`);
}
