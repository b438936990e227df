import type { Source } from "../disk/source.ts";
import { endsIn, MAX_LINE, USUAL_LINE } from "../format/line.ts";
import type { CheckpointDraft } from "./checkpoint-draft.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { FileMac } from "./file-mac.ts";
import type { LazyKeys } from "./lazy-keys.ts";

const NEWLINE = 10;
/** Bytes that are read at once. */
const PIECE = 1024 * 1024;

/**
 * Reads what a checkpoint covers, into `keys`. Returns `false` if the bytes are not the covered ones. Then `keys` and `draft` must not be
 * used.
 * @param draft - the next checkpoint, if there will be one; covers the same bytes
 */
export async function restore(
  source: Source,
  checkpoint: Checkpoint,
  keys: LazyKeys,
  draft: CheckpointDraft | null,
): Promise<boolean> {
  const mac = new FileMac(checkpoint.key);
  const cover = (bytes: Buffer): void => {
    mac.update(bytes);
    draft?.cover(bytes);
  };
  try {
    const read = keys.isPartial ? readPieces : readLines;
    const last = await read(source, checkpoint, keys, cover);
    mac.update(checkpoint.index);
    // With a head that is not in the file, the next writer would damage the journal.
    return mac.digest() === checkpoint.tag && endsIn(last, checkpoint.seq, checkpoint.head);
  } catch {
    return false;
  }
}

type Cover = (bytes: Buffer) => void;

/**
 * Reads pieces of any bytes, for keys that need no lines. Returns the end, with at least the last line. Reads at once, because handing each
 * piece over from another thread takes as long as authenticating it; other work runs between the pieces.
 */
async function readPieces(source: Source, { size }: Checkpoint, keys: LazyKeys, cover: Cover): Promise<Buffer> {
  const piece = Buffer.allocUnsafeSlow(Math.min(PIECE, size));
  for (let at = 0; at < size; at += piece.length) {
    const bytes = source.readNow(at, piece.subarray(0, size - at));
    keys.restore(bytes, at);
    cover(bytes);
    await new Promise(setImmediate);
  }
  for (let length = USUAL_LINE; ; length *= 4) {
    const from = Math.max(size - length, 0);
    const end = source.readNow(from, Buffer.allocUnsafe(size - from));
    if (end.includes(NEWLINE) || length > MAX_LINE) return end;
  }
}

/** Reads whole lines. Returns the last ones. */
async function readLines(source: Source, checkpoint: Checkpoint, keys: LazyKeys, cover: Cover): Promise<Buffer> {
  const voids = new Set(checkpoint.voids);
  let last: Buffer = Buffer.alloc(0);
  let isInLongLine = false;
  await source.chunks(
    0,
    checkpoint.size,
    (bytes, at) => {
      const newline = isInLongLine ? bytes.indexOf(NEWLINE) : 0;
      const from = newline === -1 ? bytes.length : newline;
      let to = bytes.length;
      if (newline !== -1) {
        const isLast = at + bytes.length === checkpoint.size;
        const whole = isLast ? bytes.length : Math.max(bytes.lastIndexOf(NEWLINE), from);
        isInLongLine = whole === from && bytes.length - from > MAX_LINE + 2;
        if (!isInLongLine) to = whole;
      }
      cover(bytes.subarray(0, to));
      last = bytes.subarray(from, to);
      // Of a long void line only the newline is kept, to count lines.
      const isVoid = isInLongLine && voids.has(at + from + 1);
      if (last.length > 0) keys.restore(isVoid ? Buffer.from("\n") : last, at + from);
      return to;
    },
    () => keys.keptBytes(),
  );
  return last;
}
