import { dirname } from "node:path";
import { KeysError } from "../../errors.ts";
import { applyDraft, checkDraft } from "../draft.ts";
import type { Change, Draft } from "../store.ts";
import { append, openToAppend } from "./disk/append.ts";
import type { Appending } from "./disk/append.ts";
import type { Disk } from "./disk/disk.ts";
import { checkFolder, ensureFolder, syncFolder } from "./disk/folder.ts";
import type { Place } from "./disk/folder.ts";
import type { LazyKeys } from "./read/lazy-keys.ts";
import { isSameFile, stateOf } from "./disk/open.ts";
import { Reading } from "./read/reading.ts";
import { checkReadable, formatRecord, GENESIS, NOWHERE } from "./format/record.ts";
import type { JournalRecord } from "./format/record.ts";
import { checkContinues, finishCompaction } from "./replace/finish.ts";

/** How often a write may lose the race before it gives up. */
const ATTEMPTS = 200;
/** How many compactions in a row are followed before something must be wrong. */
const SUCCESSORS = 20;
/** See {@link ReadingOptions.markEvery}. */
const MARK_EVERY = 1024 * 1024;

/**
 * A journal under a path, read and written. Not safe for calls that overlap: who holds it lets one in at a time.
 * Every method throws `STORE_UNAVAILABLE`, `STORE_INSECURE` or `STORE_DAMAGED`.
 */
export class Journal {
  readonly #disk: Disk;
  readonly #place: Place;
  #reading: Reading | null = null;
  #appending: Appending | null = null;
  readonly #checkpointEvery: number;
  #broken = false;
  #whole = false;
  /** Whether anybody asks for keys, and not only for what is new. */
  #holds = true;

  constructor(disk: Disk, place: Place, checkpointEvery = MARK_EVERY) {
    this.#disk = disk;
    this.#place = place;
    this.#checkpointEvery = checkpointEvery;
  }

  /**
   * Reads what is new and returns the file as it stands then; `null` when there is none.
   * @param whole - All keys are wanted, so they are parsed as they are read.
   */
  async catchUp(whole = this.#whole): Promise<Reading | null> {
    this.#whole = whole;
    this.#holds = true;
    const reading = await this.follow();
    if (reading?.keys.isReleased !== true) return reading;
    await this.#reopen(reading, true);
    return this.follow();
  }

  /** Lets go of the keys, which a server would hold twice. Whoever asks for one later has them read again. */
  release(): void {
    this.#holds = false;
    this.#whole = false;
    this.#reading?.keys.release();
  }

  /** As {@link catchUp}, where only changes are wanted: the keys may be gone. */
  async follow(): Promise<Reading | null> {
    for (let round = 0; round < SUCCESSORS; round++) {
      await this.#refresh();
      const next = this.#reading?.chain.next ?? null;
      if (this.#reading === null || next === null || next === NOWHERE) return this.#reading;
      await finishCompaction(this.#disk, this.#place, this.#reading.file, next);
    }
    throw new KeysError("STORE_UNAVAILABLE", `${this.#place.path} is compacted again and again`, {
      hint: "run the command again",
    });
  }

  /** As {@link catchUp}, when something is to be appended. @throws {@link KeysError} `STORE_READ_ONLY` when it has ended. */
  async catchUpToWrite(whole = this.#whole): Promise<Reading | null> {
    const reading = await this.catchUp(whole);
    if (reading?.chain.next !== NOWHERE) return reading;
    throw new KeysError("STORE_READ_ONLY", `${this.#place.path} has ended: its keys were moved to another store`, {
      hint: "choose that store; the last line of `mcp-keys audit` names it",
    });
  }

  /**
   * As {@link KeyStore.write}.
   * @param check - Is shown what the draft is to follow, each time that changes; what it throws ends the write.
   */
  async write(draft: Draft, check?: (keys: LazyKeys | null) => Promise<void>): Promise<Change> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const reading = await this.catchUpToWrite();
      checkDraft(draft, reading?.keys ?? NOTHING);
      await check?.(reading?.keys ?? null);
      const change = applyDraft(draft, (reading?.chain.seq ?? 0) + 1);
      const sum = await this.append({ change });
      if (sum.won) return change;
      // Spread by the content of the lines, which differs from writer to writer and from try to try.
      const spread = parseInt(sum.sum.slice(0, 8), 16) / 2 ** 32;
      await new Promise((resolve) => setTimeout(resolve, spread * Math.min(2 ** attempt, 64)));
    }
    throw new KeysError("STORE_CONFLICT", `${this.#place.path} was written by others all the time`);
  }

  /**
   * Appends a record to what {@link catchUp} returned last, and makes it durable. `won` is false, and nothing is changed,
   * when another record took its place.
   */
  async append(record: JournalRecord): Promise<{ won: boolean; sum: string }> {
    const { bytes, sum } = formatRecord(record, this.#reading?.chain.head ?? GENESIS);
    checkReadable(bytes);
    const appending = await this.#openToAppend();
    if (appending === null || this.#reading === null) return { won: false, sum };
    if (this.#reading.chain.seq === 0) await this.#syncFolders();
    await append(appending, bytes, this.#place.path);
    try {
      // Of this very file, even when it has already been replaced: there the record has won or lost.
      await this.#reading.readOn();
    } catch (cause) {
      this.#broken = true;
      throw cause;
    }
    return { won: this.#reading.chain.heads.has(record.change.seq, sum), sum };
  }

  async close(): Promise<void> {
    await this.#appending?.handle.close();
    await this.#reading?.close();
    this.#appending = null;
    this.#reading = null;
  }

  async #refresh(): Promise<void> {
    const reading = this.#reading;
    const state = await stateOf(this.#disk, this.#place.path, this.#place.uid);
    if (reading === null && state === null) return checkFolder(this.#disk, this.#place);
    const same = reading !== null && state !== null && isSameFile(reading.file, state);
    if (!same || this.#broken || state.size < reading.chain.offset) return this.#reopen(reading, same);
    if (state.size === reading.size) return;
    this.#broken = true;
    await reading.readOn();
    this.#broken = false;
  }

  async #reopen(before: Reading | null, same: boolean): Promise<void> {
    await checkFolder(this.#disk, this.#place);
    // The old file may have been sealed since; what else it says no longer matters.
    if (before !== null && !same) await before.readOn().catch(() => {});
    const options = { whole: this.#whole, checkpointEvery: this.#checkpointEvery };
    const reading = await Reading.open(this.#disk, this.#place, options);
    try {
      if (before !== null) await reading?.recallFrom(before.chain.seq - 1);
      checkContinues(this.#place.path, before?.chain ?? null, reading?.chain ?? null);
    } catch (cause) {
      await reading?.close();
      throw cause;
    }
    await before?.close();
    if (!this.#holds) reading?.keys.release();
    this.#reading = reading;
    this.#broken = false;
  }

  /** Opens the very file that was read, or creates it where there was none. `null` when it is another by now. */
  async #openToAppend(): Promise<Appending | null> {
    if (this.#reading === null) await ensureFolder(this.#disk, this.#place);
    if (isSame(this.#appending, this.#reading)) return this.#appending;
    await this.#appending?.handle.close();
    this.#appending = await openToAppend(this.#disk, this.#place, this.#reading === null);
    if (this.#reading === null) await this.#refresh();
    return isSame(this.#appending, this.#reading) ? this.#appending : null;
  }

  /** Before the first record is acknowledged, whoever created the file: it may have crashed before it came to this. */
  async #syncFolders(): Promise<void> {
    const folder = dirname(this.#place.path);
    await syncFolder(this.#disk, folder);
    await syncFolder(this.#disk, dirname(folder));
  }
}

const NOTHING = { byId: () => null, byName: () => null, byDigest: () => null };

function isSame(appending: Appending | null, reading: Reading | null): boolean {
  return appending !== null && reading !== null && isSameFile(appending.file, reading.file);
}
