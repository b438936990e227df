import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";

const CHUNK = 16 * 1024;

/** What an input had to offer. */
export interface WaitingInput {
  readonly bytes: Buffer;
  /** Whether that was all of it. */
  readonly hasEnded: boolean;
}

/**
 * Reads what waits in a file or a pipe, without Node's stream, which takes longer to load. Never waits for more: it opens the pipe a
 * second time for that, because other processes share the first.
 * @param limit - in bytes; it reads a little more at most
 */
export function readWaiting(fd: number, limit: number): WaitingInput {
  let own = fd;
  const chunks: Buffer[] = [];
  try {
    const stat = fstatSync(fd);
    if (stat.isFIFO()) own = openSync(`/proc/self/fd/${String(fd)}`, constants.O_RDONLY | constants.O_NONBLOCK);
    else if (!stat.isFile()) return { bytes: Buffer.alloc(0), hasEnded: false };
    for (let length = 0; length <= limit;) {
      const chunk = Buffer.allocUnsafe(CHUNK);
      const count = readSync(own, chunk);
      if (count === 0) return { bytes: Buffer.concat(chunks), hasEnded: true };
      chunks.push(chunk.subarray(0, count));
      length += count;
    }
  } catch {
    // The pipe is empty for now, or there is no /proc. The stream reports other faults.
  } finally {
    if (own !== fd) closeSync(own);
  }
  return { bytes: Buffer.concat(chunks), hasEnded: false };
}
