/** The header of an object in the output of `git cat-file --batch`, or an object that is not there. */
export interface GitObject {
  readonly id: string;
  /** `blob`, `commit`, `tag` or `tree`; `missing` without content. */
  readonly type: string;
  /** The path that was passed with the id; empty without one. */
  readonly path: Buffer;
}

/** The format whose output {@link BatchReader} reads. */
export const BATCH_FORMAT = "--batch=%(objectname) %(objecttype) %(objectsize) %(rest)";

const NEWLINE = 10;

/** Reads the output of `git cat-file --batch` in parts of any size. Holds a header at most. */
export class BatchReader {
  readonly #start: (object: GitObject) => (part: Buffer) => void;
  #header: Buffer[] = [];
  /** Bytes of the object that are still to come, then its line break. */
  #left = -1;
  #take: (part: Buffer) => void = () => undefined;

  /** @param start - called for each object; takes its content in parts */
  constructor(start: (object: GitObject) => (part: Buffer) => void) {
    this.#start = start;
  }

  push(part: Buffer): void {
    let at = 0;
    while (at < part.length) {
      if (this.#left > 0) {
        const end = Math.min(part.length, at + this.#left);
        this.#take(part.subarray(at, end));
        this.#left -= end - at;
        at = end;
      } else if (this.#left === 0) {
        this.#left = -1;
        at++;
      } else {
        at = this.#readHeader(part, at);
      }
    }
  }

  #readHeader(part: Buffer, at: number): number {
    const end = part.indexOf(NEWLINE, at);
    this.#header.push(Buffer.from(part.subarray(at, end < 0 ? part.length : end)));
    if (end < 0) return part.length;
    const line = Buffer.concat(this.#header);
    this.#header = [];
    const [id = "", type = "", size = "0"] = line.toString("latin1").split(" ", 3);
    const isThere = /^\d+$/.test(size) && /^(blob|commit|tag|tree)$/.test(type);
    const path = isThere ? line.subarray(`${id} ${type} ${size} `.length) : Buffer.alloc(0);
    this.#take = this.#start({ id, type: isThere ? type : "missing", path });
    this.#left = isThere ? Number(size) : -1;
    return end + 1;
  }
}
