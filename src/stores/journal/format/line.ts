import { hash } from "node:crypto";

/**
 * The most bytes of a record, without its newline and tab. A longer line that a crash cut short is skipped in pieces, so it needs
 * little memory.
 */
export const MAX_LINE = 16 * 1024 * 1024;

/** More bytes than most lines have, for a first attempt to read one. */
export const USUAL_LINE = 4096;

const OPENING = '{"v":1,"seq":';
/** The opening, a `seq` of up to 16 digits, `,"prev":"`, 64 hex digits, `","at":` */
const FRONT_LENGTH = OPENING.length + 16 + 9 + 64 + 7;
/** `,"sum":"`, 64 hex digits, `"}` */
const TAIL_LENGTH = 74;
const MIN_LENGTH = OPENING.length + 1 + 9 + 64 + 7 + TAIL_LENGTH;
const TAB = 9;
const NEWLINE = 10;
const BRACKET = 93;
const ZERO = 48;

/** The fields of a line that the chain check needs. They are read without parsing the JSON. */
export interface Link {
  readonly seq: number;
  readonly prev: string;
  /** Whether members follow `keys`, as in a seal and in the first record of a compacted journal. */
  readonly special: boolean;
}

/** Returns the `sum` of the line from `start` to `end` if it matches the bytes of the line, else `null`. */
export function verifiedSum(bytes: Buffer, start: number, end: number): string | null {
  if (end - start < MIN_LENGTH || end - start > MAX_LINE) return null;
  const tail = bytes.toString("latin1", end - TAIL_LENGTH, end);
  if (!tail.startsWith(',"sum":"') || !tail.endsWith('"}')) return null;
  const sum = hash("sha256", bytes.subarray(start, end - TAIL_LENGTH));
  return tail.slice(8, -2) === sum ? sum : null;
}

/** Checks with one comparison whether the line is an ordinary record that follows `seq` and `head`: the usual case. */
export function isNext(bytes: Buffer, start: number, end: number, seq: number, head: string): boolean {
  const front = `${OPENING}${seq + 1},"prev":"${head}","at":`;
  return bytes.toString("latin1", start, start + front.length) === front && !isSpecial(bytes, end);
}

/** Reads a line that has passed {@link verifiedSum}. Returns `"newer"` for a later format and `null` for no known format. */
export function readLink(bytes: Buffer, start: number, end: number): Link | "newer" | null {
  const front = bytes.toString("latin1", start, start + FRONT_LENGTH);
  if (!front.startsWith(OPENING)) return /^\{"v":(?:[2-9]|[1-9][0-9]+),/.test(front) ? "newer" : null;
  const comma = front.indexOf(",", OPENING.length);
  const seq = Number(front.slice(OPENING.length, comma));
  const prevAt = comma + 9;
  if (!Number.isSafeInteger(seq) || seq < 1) return null;
  if (!front.startsWith(',"prev":"', comma) || !front.startsWith('","at":', prevAt + 64)) return null;
  return { seq, prev: front.slice(prevAt, prevAt + 64), special: isSpecial(bytes, end) };
}

/** Reads the `at` of record `seq`, which begins at `start`. */
export function readTime(bytes: Buffer, start: number, seq: number): number {
  let time = 0;
  for (let at = start + OPENING.length + String(seq).length + 9 + 64 + 7; ; at++) {
    const digit = (bytes[at] ?? 0) - ZERO;
    if (digit < 0 || digit > 9) return time;
    time = time * 10 + digit;
  }
}

/** Checks whether `bytes` end with the record `seq` that has this `sum`, tab included. Does not verify the record. */
export function endsIn(bytes: Buffer, seq: number, sum: string): boolean {
  const end = bytes.length - 1;
  if (bytes.toString("latin1", end - TAIL_LENGTH) !== `,"sum":"${sum}"}\t`) return false;
  const front = `${OPENING}${seq},`;
  const start = bytes.lastIndexOf(NEWLINE) + 1;
  return bytes.toString("latin1", start, start + front.length) === front;
}

function isSpecial(bytes: Buffer, end: number): boolean {
  return bytes[end - TAIL_LENGTH - 1] !== BRACKET;
}

/** Returns the line from `start` up to its tab or the next newline, or `null` if the bytes have neither. */
export function lineAt(bytes: Buffer, start: number): Buffer | null {
  const newline = bytes.indexOf(NEWLINE, start);
  const line = bytes.subarray(start, newline === -1 ? bytes.length : newline);
  const tab = line.indexOf(TAB);
  if (tab !== -1) return line.subarray(0, tab);
  return newline === -1 ? null : line;
}
