import { KeysError } from "../../../errors.ts";
import { damaged } from "../disk/damage.ts";
import { Heads } from "./chain-heads.ts";
import { isNext, readLink, verifiedSum } from "./line.ts";
import { GENESIS, parseRecord } from "./record.ts";
import type { JournalRecord } from "./record.ts";

const NUL = 0;
const TAB = 9;
const NEWLINE = 10;

/**
 * Is told of each record that applies: its line is `bytes` from `start` to `end`, without newline and tab.
 * Returns `false` when it cannot be read.
 */
export type Take = (bytes: Buffer, start: number, end: number) => boolean;

/** Where a walk stood behind a record: what another one needs to go on from there as if it had come along itself. */
export interface ChainState {
  /** How many bytes it had decided. */
  readonly size: number;
  readonly seq: number;
  readonly head: string;
  /** See {@link Heads.base}. */
  readonly base: number;
  /** The `seq` of the last record that restates keys in a compacted journal; else 0. */
  readonly until: number;
  /** How many lines there were, the empty one at the start of the file included. */
  readonly lines: number;
  /** Where the void lines start. */
  readonly voids: readonly number[];
}

/**
 * Follows the chain of a journal through its bytes, as they come. What it has decided it never decides again, so that every
 * reader of the same bytes ends with the same records, in whatever pieces it reads them. The rules are in `docs/journal.md`.
 */
export class Chain {
  /** The `seq` and the `sum` of the last record that applies. */
  seq = 0;
  head = GENESIS;
  /** How many bytes of the file are decided. */
  offset = 0;
  /** Set once the journal has ended in a seal: the SHA-256 of the file that goes on. */
  next: string | null = null;
  heads = new Heads(0, GENESIS);
  /** Where the lines start that stay without effect: cut short by a crash, or second in a race. */
  readonly voids = new Set<number>();
  /** Set when the next line asks for a head from before the state this began with: {@link recall} them and go on. */
  forgot = false;

  readonly #path: string;
  #line = 1;
  #until = 0;
  /** Whether what stands before {@link offset} is a complete line that lacks its tab. */
  #bare = false;
  /** Where the last record that applies ends, with its tab. */
  #end = 0;

  /** @param from - Where another walk through the same bytes stood. */
  constructor(path: string, from: ChainState | null = null) {
    this.#path = path;
    if (from === null) return;
    this.seq = from.seq;
    this.head = from.head;
    this.offset = from.size;
    this.heads = new Heads(from.base, from.head, from.seq);
    this.voids = new Set(from.voids);
    this.#line = from.lines;
    this.#until = from.until;
    this.#end = from.size;
  }

  /** Where it stands; `null` unless that is right behind a record, and not behind a seal. */
  get state(): ChainState | null {
    if (this.#bare || this.next !== null || this.offset === 0 || this.offset !== this.#end) return null;
    const { offset: size, seq, head, heads, voids } = this;
    return { size, seq, head, base: heads.base, until: this.#until, lines: this.#line, voids: [...voids] };
  }

  /** Takes in the heads from before the state it began with, as a walk from the start has found them. */
  recall(past: Heads): void {
    past.append(this.heads);
    this.heads = past;
    this.forgot = false;
  }

  /**
   * Goes on from {@link offset}.
   * @param bytes - What the file holds from there on, or the first part of it.
   * @returns How many of them are decided now. The rest is a line that is not at its end yet: pass it again, with more. Or it
   *   is a line for which {@link forgot} is set now.
   * @throws {@link KeysError} `STORE_DAMAGED` with the number of the line; `STORE_UNAVAILABLE` for a later format.
   */
  walk(bytes: Buffer, take: Take): number {
    const { seq, head, next } = this;
    const line = this.#line;
    const bare = this.#bare;
    try {
      const length = this.#walk(bytes, take);
      this.offset += length;
      return length;
    } catch (fault) {
      // As it was, so that the next call meets the same damage rather than what lies behind it.
      Object.assign(this, { seq, head, next });
      this.heads.truncate(seq);
      this.#line = line;
      this.#bare = bare;
      throw fault;
    }
  }

  /**
   * Judges what only the end of the file shows, when all of it has been walked.
   * @param rest - How many bytes stand behind {@link offset}.
   * @throws {@link KeysError} `STORE_DAMAGED`
   */
  checkEnd(rest: number): void {
    if (this.#bare && rest === 1) this.#fail("its end was altered");
    // It was complete before it took the journal's name, so no crash explains it.
    if (this.seq < this.#until) this.#fail("the keys that its compaction kept are not all there", this.#line + 1);
  }

  #walk(bytes: Buffer, take: Take): number {
    let at = this.#closeLine(bytes, 0);
    while (at < bytes.length) {
      const start = at + 1;
      const newline = bytes.indexOf(NEWLINE, start);
      const end = newline === -1 ? bytes.length : newline;
      const bare = this.#bare;
      this.#bare = false;
      this.#line++;
      const recordEnd = this.#judgeLine(bytes, start, end, take);
      if (recordEnd !== null) at = this.#closeLine(bytes, recordEnd);
      else if (newline !== -1 && !this.forgot) {
        // What a tab that was turned into a newline looks like; no writer leaves it.
        if (bare && start === end) this.#fail("its end was altered", this.#line - 1);
        this.voids.add(this.offset + start);
        at = end;
      } else {
        this.#line--;
        this.#bare = bare;
        break;
      }
    }
    return at;
  }

  /** From behind a record to the newline that starts the next line. Returns where that is, or where the bytes end. */
  #closeLine(bytes: Buffer, from: number): number {
    let at = from;
    if (this.#bare) {
      if (bytes[at] !== TAB) {
        if (at < bytes.length && bytes[at] !== NEWLINE) this.#fail("its end was altered");
        return at;
      }
      this.#bare = false;
      at++;
    }
    // What some file systems leave of a write when the power goes: the length without the content.
    while (bytes[at] === NUL) at++;
    if (at < bytes.length && bytes[at] !== NEWLINE) this.#fail("there is more behind its end");
    return at;
  }

  /** Returns where the line's record ends, or `null` when there is none: blank, cut short, or not to be told yet. */
  #judgeLine(bytes: Buffer, start: number, end: number, take: Take): number | null {
    let last = end;
    while (last > start && bytes[last - 1] === NUL) last--;
    if (last === start) return null;
    if (bytes[last - 1] === TAB) {
      const sum = verifiedSum(bytes, start, last - 1);
      if (sum === null) this.#fail("it was altered");
      this.#apply(bytes, start, last - 1, sum, take);
      return this.forgot ? null : last;
    }
    const sum = verifiedSum(bytes, start, end);
    if (sum !== null) {
      this.#apply(bytes, start, end, sum, take);
      if (this.forgot) return null;
      this.#bare = true;
      return end;
    }
    const tab = bytes.indexOf(TAB, start);
    if ((tab !== -1 && tab < end) || verifiedSum(bytes, start, end - 1) !== null) this.#fail("it was altered");
    return null;
  }

  #apply(bytes: Buffer, start: number, end: number, sum: string, take: Take): void {
    if (this.next === null && isNext(bytes, start, end, this.seq, this.head)) {
      this.#accept(bytes, start, end, sum, null, take);
      return;
    }
    const link = readLink(bytes, start, end);
    if (link === "newer") {
      throw new KeysError("STORE_UNAVAILABLE", `${this.#path} was written by a newer mcp-keys`, {
        hint: "update it with: npm install mcp-keys@latest",
      });
    }
    if (link === null) this.#fail("it is not a record");
    const record = link.special ? this.#parse(bytes, start, end) : null;
    if (this.seq === 0 && record?.until !== undefined) this.#begin(link.seq - 1, link.prev, record.until);
    if (link.prev !== this.head || link.seq !== this.seq + 1 || this.next !== null) {
      const { base, first } = this.heads;
      this.forgot = link.seq > base && link.seq <= first;
      if (this.forgot) return;
      if (link.prev === this.head || !this.heads.has(link.seq - 1, link.prev)) {
        this.#fail("it does not follow from the lines before it");
      }
      this.voids.add(this.offset + start);
      return;
    }
    this.#accept(bytes, start, end, sum, record?.next ?? null, take);
  }

  #accept(bytes: Buffer, start: number, end: number, sum: string, next: string | null, take: Take): void {
    this.seq++;
    this.head = sum;
    this.#end = this.offset + end + 1;
    this.heads.push(sum, this.offset + start);
    this.next = next;
    if (!take(bytes, start, end)) this.#fail("it is not a record");
  }

  #begin(base: number, prev: string, until: number): void {
    this.heads = new Heads(base, prev);
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
