import { KeysError } from "../../../errors.ts";
import { damaged } from "../disk/fault.ts";
import { ChainHeads } from "./chain-heads.ts";
import type { ChainState } from "./chain-state.ts";
import { isNext, MAX_LINE, readLink, readTime, verifiedSum } from "./line.ts";
import { EMPTY_EPOCH, epochOf } from "./epoch.ts";
import { GENESIS, parseRecord } from "./record.ts";
import type { JournalRecord } from "./record.ts";

const NUL = 0;
const TAB = 9;
const NEWLINE = 10;

/**
 * Receives each record that applies, as the part of `bytes` from `start` to `end`, without newline and tab.
 * Returns `false` if it cannot be parsed.
 */
export type OnRecord = (bytes: Buffer, start: number, end: number) => boolean;

/**
 * Verifies the chain of a journal. It takes the bytes in pieces of any size and never revises a decision, so all readers of the
 * same bytes apply the same records. The rules are in `docs/journal.md`.
 */
export class Chain {
  /** The `seq` and the `sum` of the last record that applied. */
  seq = 0;
  head = GENESIS;
  /** The epoch of the history. {@link EMPTY_EPOCH} before its first record. */
  epoch = EMPTY_EPOCH;
  /** The latest `at` of the records that applied. */
  newest = 0;
  /** How many bytes of the file are decided. */
  offset = 0;
  /** The SHA-256 of the file that follows, if the journal ends with a seal. */
  next: string | null = null;
  heads = new ChainHeads(0, GENESIS);
  /** The offsets of void lines: cut short by a crash, or second in a race. */
  readonly voids = new Set<number>();
  /** True if the next line follows a head from before the initial state. Call {@link addEarlierHeads}, then continue. */
  needsEarlierHeads = false;
  /** True if {@link offset} is inside a line that is too long for a record. It is void unless a tab follows. */
  isInLongLine = false;

  readonly #path: string;
  #line = 1;
  #until = 0;
  /** Whether the bytes before {@link offset} are a complete record without its tab. */
  #lacksTab = false;
  /** The end of the last record that applied, including its tab. */
  #end = 0;

  /** @param from - the state of another chain over the same bytes */
  constructor(path: string, from: ChainState | null = null) {
    this.#path = path;
    if (from === null) return;
    const { seq, head, epoch, newest, size: offset } = from;
    Object.assign(this, { seq, head, epoch, newest, offset });
    this.heads = new ChainHeads(from.base, from.head, from.seq);
    this.voids = new Set(from.voids);
    this.#line = from.lines;
    this.#until = from.until;
    this.#end = from.size;
  }

  /** The current state. `null` unless {@link offset} is right after a record that is not a seal. */
  get state(): ChainState | null {
    if (this.#lacksTab || this.next !== null || this.offset === 0 || this.offset !== this.#end) return null;
    const { offset: size, seq, head, newest, epoch, heads, voids } = this;
    const file = { base: heads.base, until: this.#until, lines: this.#line };
    return { size, seq, head, newest, epoch, ...file, voids: [...voids] };
  }

  /** Adds the heads from before the initial state. `earlier` comes from a chain that started at the first byte. */
  addEarlierHeads(earlier: ChainHeads): void {
    earlier.append(this.heads);
    this.heads = earlier;
    this.needsEarlierHeads = false;
  }

  /**
   * Continues at {@link offset}.
   * @param bytes - the bytes of the file from there on, or the first part of them
   * @returns how many bytes are decided. Pass the rest again, with more: it is an incomplete line, or one for which
   *   {@link needsEarlierHeads} is now set.
   * @throws {@link KeysError} `STORE_DAMAGED` with the line number, `STORE_UNAVAILABLE` for a later format
   */
  verify(bytes: Buffer, onRecord: OnRecord): number {
    const { seq, head, epoch, next, isInLongLine } = this;
    const line = this.#line;
    const lacksTab = this.#lacksTab;
    try {
      const length = this.#verify(bytes, onRecord);
      this.offset += length;
      return length;
    } catch (fault) {
      // Restores the state: the next call must fail on this line again.
      Object.assign(this, { seq, head, epoch, next, isInLongLine });
      this.heads.truncate(seq);
      this.#line = line;
      this.#lacksTab = lacksTab;
      throw fault;
    }
  }

  /**
   * Checks what only the end of the file can show. Call it after all bytes were passed to {@link verify}.
   * @param rest - how many bytes follow {@link offset}
   * @throws {@link KeysError} `STORE_DAMAGED`
   */
  checkEnd(rest: number): void {
    if (this.#lacksTab && rest === 1) this.#fail("its end was altered");
    // The file was complete before it was renamed, so a crash cannot be the cause.
    if (this.seq < this.#until) this.#fail("some of the keys that its compaction kept are missing", this.#line + 1);
  }

  #verify(bytes: Buffer, onRecord: OnRecord): number {
    let at = this.isInLongLine ? this.#skipLine(bytes) : this.#closeLine(bytes, 0);
    while (at < bytes.length) {
      const start = at + 1;
      const newline = bytes.indexOf(NEWLINE, start);
      const end = newline === -1 ? bytes.length : newline;
      const lacksTab = this.#lacksTab;
      this.#lacksTab = false;
      this.#line++;
      const recordEnd = this.#judgeLine(bytes, start, end, onRecord);
      if (recordEnd !== null) at = this.#closeLine(bytes, recordEnd);
      else if ((newline !== -1 || end - start > MAX_LINE) && !this.needsEarlierHeads) {
        // No writer leaves this: a tab was changed to a newline.
        if (lacksTab && start === end) this.#fail("its end was altered", this.#line - 1);
        this.voids.add(this.offset + start);
        this.isInLongLine = newline === -1;
        at = end;
      } else {
        this.#line--;
        this.#lacksTab = lacksTab;
        break;
      }
    }
    return at;
  }

  /** Skips the rest of a long line. Returns the offset of the newline after it, or the end of the bytes. */
  #skipLine(bytes: Buffer): number {
    const newline = bytes.indexOf(NEWLINE);
    const rest = newline === -1 ? bytes : bytes.subarray(0, newline);
    if (rest.includes(TAB)) this.#fail("it was altered");
    this.isInLongLine = newline === -1;
    return rest.length;
  }

  /** Skips from the end of a record to the newline that starts the next line. Returns its offset, or the end of the bytes. */
  #closeLine(bytes: Buffer, from: number): number {
    let at = from;
    if (this.#lacksTab) {
      if (bytes[at] !== TAB) {
        if (at < bytes.length && bytes[at] !== NEWLINE) this.#fail("its end was altered");
        return at;
      }
      this.#lacksTab = false;
      at++;
    }
    // After a power failure some file systems keep the new length of a file but not its content.
    while (bytes[at] === NUL) at++;
    if (at < bytes.length && bytes[at] !== NEWLINE) this.#fail("it has extra bytes at its end");
    return at;
  }

  /** Returns the end of the record on this line, or `null` without a record: blank, cut short, or not decidable yet. */
  #judgeLine(bytes: Buffer, start: number, end: number, onRecord: OnRecord): number | null {
    let last = end;
    while (last > start && bytes[last - 1] === NUL) last--;
    if (last === start) return null;
    if (bytes[last - 1] === TAB) {
      const sum = verifiedSum(bytes, start, last - 1);
      if (sum === null) this.#fail("it was altered");
      this.#apply(bytes, start, last - 1, sum, onRecord);
      return this.needsEarlierHeads ? null : last;
    }
    const sum = verifiedSum(bytes, start, end);
    if (sum !== null) {
      this.#apply(bytes, start, end, sum, onRecord);
      if (this.needsEarlierHeads) return null;
      this.#lacksTab = true;
      return end;
    }
    const tab = bytes.indexOf(TAB, start);
    if ((tab !== -1 && tab < end) || verifiedSum(bytes, start, end - 1) !== null) this.#fail("it was altered");
    return null;
  }

  #apply(bytes: Buffer, start: number, end: number, sum: string, onRecord: OnRecord): void {
    if (this.next === null && isNext(bytes, start, end, this.seq, this.head)) {
      this.#accept(bytes, start, end, sum, null, onRecord);
      return;
    }
    const link = readLink(bytes, start, end);
    if (link === "newer") {
      throw new KeysError("STORE_UNAVAILABLE", `${this.#path} was written by a newer version of mcp-keys`, {
        hint: "update it with: npm install mcp-keys@latest",
      });
    }
    if (link === null) this.#fail("it is not a record");
    const record = link.special ? this.#parse(bytes, start, end) : null;
    if (this.seq === 0 && record?.until !== undefined) this.#begin(link.seq - 1, link.prev, record.until);
    if (link.prev !== this.head || link.seq !== this.seq + 1 || this.next !== null) {
      const { base, first } = this.heads;
      this.needsEarlierHeads = link.seq > base && link.seq <= first;
      if (this.needsEarlierHeads) return;
      if (link.prev === this.head || !this.heads.has(link.seq - 1, link.prev)) {
        this.#fail("it does not follow from the lines before it");
      }
      this.voids.add(this.offset + start);
      return;
    }
    this.#accept(bytes, start, end, sum, record, onRecord);
  }

  #accept(
    bytes: Buffer,
    start: number,
    end: number,
    sum: string,
    special: JournalRecord | null,
    onRecord: OnRecord,
  ): void {
    if (this.seq === this.heads.base) this.epoch = special?.epoch ?? epochOf(sum);
    this.seq++;
    this.head = sum;
    this.newest = Math.max(this.newest, readTime(bytes, start, this.seq));
    this.#end = this.offset + end + 1;
    this.heads.push(sum, this.offset + start);
    this.next = special?.next ?? null;
    if (!onRecord(bytes, start, end)) this.#fail("it is not a record");
  }

  #begin(base: number, prev: string, until: number): void {
    this.heads = new ChainHeads(base, prev);
    this.seq = base;
    this.head = prev;
    this.#until = until;
  }

  #parse(bytes: Buffer, start: number, end: number): JournalRecord {
    return parseRecord(bytes.toString("utf8", start, end)) ?? this.#fail("it is not a record");
  }

  #fail(what: string, line = this.#line): never {
    throw damaged(this.#path, line, what);
  }
}
