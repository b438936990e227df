import { dirname } from "node:path";
import { KeysError } from "../../errors.ts";
import { applyDraft, checkDraft } from "../draft.ts";
import type { Change, Draft, Written } from "../store.ts";
import { append, NoRoomError, openToAppend } from "./disk/append.ts";
import type { AppendHandle } from "./disk/append.ts";
import type { Disk } from "./disk/disk.ts";
import { mayUseReserve, Reserve } from "./disk/reserve.ts";
import { checkFolder, ensureFolder, syncFolder } from "./disk/folder.ts";
import type { JournalLocation } from "./disk/folder.ts";
import type { Chain } from "./format/chain.ts";
import type { LazyKeys } from "./read/lazy-keys.ts";
import { isSameFile, stateOf } from "./disk/open.ts";
import { JournalReader } from "./read/journal-reader.ts";
import type { NeededKeys } from "./read/journal-reader.ts";
import { EMPTY_EPOCH, follows, isSameHistory } from "./format/epoch.ts";
import { checkReadable, formatRecord, GENESIS, NOWHERE } from "./format/record.ts";
import type { JournalRecord } from "./format/record.ts";
import { finishCompaction } from "./replace/finish-compaction.ts";

/** How often a write may lose the race before it fails. */
const MAX_ATTEMPTS = 200;
/** How many compactions in a row are followed before the read fails. */
const MAX_COMPACTIONS = 20;
/** See {@link JournalReaderOptions.checkpointEvery}. */
const CHECKPOINT_EVERY = 1024 * 1024;

/** What became of a record: whether it applied, its own `sum`, and the epoch of the history. */
interface Appended {
  readonly won: boolean;
  readonly sum: string;
  readonly epoch: string;
}

/**
 * Reads and writes the journal at a path, and follows it across compactions. Calls must not overlap; the caller serializes them.
 * Every method throws `STORE_UNAVAILABLE`, `STORE_INSECURE`, `STORE_DAMAGED` or `STORE_REWOUND`.
 */
export class Journal {
  readonly #disk: Disk;
  readonly #location: JournalLocation;
  readonly #reserve: Reserve;
  #reader: JournalReader | null = null;
  #appending: AppendHandle | null = null;
  readonly #checkpointEvery: number;
  #mustReopen = false;
  #need: NeededKeys = "some";
  /** False while only changes are read. */
  #keepsKeys = true;

  constructor(disk: Disk, location: JournalLocation, checkpointEvery = CHECKPOINT_EVERY) {
    this.#disk = disk;
    this.#location = location;
    this.#reserve = new Reserve(disk, location);
    this.#checkpointEvery = checkpointEvery;
  }

  /**
   * Reads new records and returns the up-to-date reader, or `null` if there is no journal.
   * @param need - which keys are needed. The same as before by default.
   */
  async catchUp(need = this.#need): Promise<JournalReader | null> {
    this.#need = need;
    this.#keepsKeys = true;
    const reader = await this.follow();
    if (reader === null || !(reader.keys.isReleased || (need !== "some" && reader.keys.isPartial))) return reader;
    await this.#reopen(reader, true);
    return this.follow();
  }

  /** Frees the keys, because a server has its own copy. The next {@link catchUp} reads them again. */
  release(): void {
    this.#keepsKeys = false;
    this.#need = "some";
    this.#reader?.keys.release();
  }

  /** Works like {@link catchUp}, but the keys may have been released. For callers that only read changes. */
  async follow(): Promise<JournalReader | null> {
    for (let round = 0; round < MAX_COMPACTIONS; round++) {
      await this.#refresh();
      const next = this.#reader?.chain.next ?? null;
      if (this.#reader === null || next === null || next === NOWHERE) return this.#reader;
      await finishCompaction(this.#disk, this.#location, this.#reader.file, next);
    }
    throw new KeysError("STORE_UNAVAILABLE", `${this.#location.path} is being compacted repeatedly`, {
      hint: "run the command again",
    });
  }

  /**
   * Works like {@link catchUp}, for a caller that is about to append.
   * @throws {@link KeysError} `STORE_READ_ONLY` if the journal has ended
   */
  async catchUpToWrite(need = this.#need): Promise<JournalReader | null> {
    const reader = await this.catchUp(need);
    if (reader?.chain.next !== NOWHERE) return reader;
    throw new KeysError("STORE_READ_ONLY", `${this.#location.path} has ended: its keys were moved to another store`, {
      hint: "use that store; the last line of `mcp-keys audit` names it",
    });
  }

  /**
   * Implements {@link KeyStore.write}.
   * @param check - called before each attempt with the current keys; an error that it throws ends the write
   */
  async write(draft: Draft, check?: (keys: LazyKeys | null) => Promise<void>): Promise<Written> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const reader = await this.catchUpToWrite();
      checkDraft(draft, reader?.keys ?? NO_KEYS, reader?.chain.newest ?? 0);
      await check?.(reader?.keys ?? null);
      const change = applyDraft(draft, (reader?.chain.seq ?? 0) + 1);
      const appended = await this.#appendWithReserve(change);
      if (appended === null) continue;
      const { won, sum, epoch } = appended;
      if (won) return { ...change, epoch };
      // The digest serves as jitter, because it differs between writers and attempts.
      const jitter = parseInt(sum.slice(0, 8), 16) / 2 ** 32;
      await new Promise((resolve) => setTimeout(resolve, jitter * Math.min(2 ** attempt, 64)));
    }
    throw new KeysError("STORE_CONFLICT", `${this.#location.path} kept changing while it was written`);
  }

  /**
   * Appends a record after the state that {@link catchUp} last returned, and flushes it to disk. `won` is false, and nothing has
   * changed, if another record came first.
   */
  async append(record: JournalRecord): Promise<Appended> {
    const { bytes, sum } = formatRecord(record, this.#reader?.chain.head ?? GENESIS);
    checkReadable(bytes);
    const file = await this.#openToAppend();
    if (file === null || this.#reader === null) return { won: false, sum, epoch: EMPTY_EPOCH };
    if (this.#reader.chain.seq === 0) await this.#syncFolders();
    await append(file, bytes, this.#location.path);
    try {
      // Reads the same file, even if it was replaced meanwhile, because the record won or lost there.
      await this.#reader.readOn();
    } catch (cause) {
      this.#mustReopen = true;
      throw cause;
    }
    const { heads, epoch } = this.#reader.chain;
    return { won: heads.has(record.change.seq, sum), sum, epoch };
  }

  /** Appends a change of a key. Returns `null` if it made room on a full disk; then the caller tries again. */
  async #appendWithReserve(change: Change): Promise<Appended | null> {
    const mayUse = mayUseReserve(change.op);
    if (!mayUse) {
      if (this.#reader === null) await ensureFolder(this.#disk, this.#location);
      await this.#reserve.keep();
    }
    try {
      return await this.append({ change });
    } catch (fault) {
      if (mayUse && fault instanceof NoRoomError && (await this.#reserve.release())) return null;
      throw fault;
    }
  }

  async close(): Promise<void> {
    await this.#appending?.handle.close();
    await this.#reader?.close();
    this.#appending = null;
    this.#reader = null;
  }

  async #refresh(): Promise<void> {
    const reader = this.#reader;
    const state = await stateOf(this.#disk, this.#location.path, this.#location);
    if (reader === null && state === null) return checkFolder(this.#disk, this.#location);
    const same = reader !== null && state !== null && isSameFile(reader.file, state);
    if (!same || this.#mustReopen || state.size < reader.chain.offset) return this.#reopen(reader, same);
    if (state.size === reader.size) return;
    this.#mustReopen = true;
    await reader.readOn();
    this.#mustReopen = false;
  }

  async #reopen(before: JournalReader | null, same: boolean): Promise<void> {
    await checkFolder(this.#disk, this.#location);
    // The old file may have been sealed meanwhile. Its other errors no longer matter.
    if (before !== null && !same) await before.readOn().catch(() => {});
    const options = { need: this.#need, checkpointEvery: this.#checkpointEvery };
    const reader = await JournalReader.open(this.#disk, this.#location, options);
    try {
      if (before !== null) await reader?.loadHeads(before.chain.seq - 1);
      checkContinuity(this.#location.path, before?.chain ?? null, reader?.chain ?? null);
    } catch (cause) {
      await reader?.close();
      throw cause;
    }
    await before?.close();
    if (!this.#keepsKeys) reader?.keys.release();
    this.#reader = reader;
    this.#mustReopen = false;
  }

  /** Opens the file that was read for appending, or creates it. Returns `null` if the path now leads to another file. */
  async #openToAppend(): Promise<AppendHandle | null> {
    if (this.#reader === null) await ensureFolder(this.#disk, this.#location);
    if (isSame(this.#appending, this.#reader)) return this.#appending;
    await this.#appending?.handle.close();
    this.#appending = await openToAppend(this.#disk, this.#location, this.#reader === null);
    if (this.#reader === null) await this.#refresh();
    return isSame(this.#appending, this.#reader) ? this.#appending : null;
  }

  /** Runs before the first record is acknowledged, even if another process created the file: it may have crashed before this. */
  async #syncFolders(): Promise<void> {
    const folder = dirname(this.#location.path);
    await syncFolder(this.#disk, folder);
    await syncFolder(this.#disk, dirname(folder));
  }
}

const NO_KEYS = { byId: () => null, byName: () => null, byDigest: () => null };

function isSame(appended: AppendHandle | null, reader: JournalReader | null): boolean {
  return appended !== null && reader !== null && isSameFile(appended.file, reader.file);
}

/**
 * Checks that the file now at `path` continues the history that was read before from another file or at another time.
 * @throws {@link KeysError} `STORE_REWOUND` if known records are missing, as in an older copy; `STORE_DAMAGED` for another history or none; `STORE_UNAVAILABLE` if the
 *   journal had ended and is gone
 */
function checkContinuity(path: string, before: Chain | null, after: Chain | null): void {
  if (before === null || before.seq === 0) return;
  if (after !== null && follows(after.epoch, before.epoch)) return;
  // The first record of the following file has the same seq as the seal.
  const sealed = before.next !== null && before.next !== NOWHERE;
  const seq = sealed ? before.seq - 1 : before.seq;
  if (after !== null && sealed && after.heads.base > seq) return;
  if (after?.heads.has(seq, sealed ? before.heads.prefixOf(seq) : before.head) === true) return;
  if (before.next === NOWHERE) {
    throw new KeysError("STORE_UNAVAILABLE", `${path} has ended: its keys were moved to another store`, {
      hint: "restart the process that reads it with the other store",
    });
  }
  const what = `the history of ${path} lost changes that were read before`;
  if (after !== null && isSameHistory(after.epoch, before.epoch)) throw new KeysError("STORE_REWOUND", what);
  throw new KeysError("STORE_DAMAGED", what, {
    hint: "restore the file; if you want this one, restart the process that reads it",
  });
}
