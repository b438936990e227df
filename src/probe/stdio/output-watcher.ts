import type { Secret } from "../../core/secret.ts";
import { createRedactor } from "../../core/redact.ts";

/** Characters of earlier output that are searched again with the next chunk, because a key may be split. */
const OVERLAP = 512;
/** Characters of output after which the program is considered to print without end. */
const MAX_OUTPUT = 4_194_304;

/** Searches the output of a program for keys, and keeps only the end of it. */
export class OutputWatcher {
  /** Streams with a key or a part of one. */
  readonly found = new Set<"stdout" | "stderr">();
  readonly #tails = { stdout: "", stderr: "" };
  readonly #clean = createRedactor([]).redact;
  readonly #redact: (text: string, limit: number) => string;
  #seen = 0;

  constructor(tokens: readonly Secret[]) {
    this.#redact = createRedactor(tokens).redact;
  }

  /** The last line on stderr. Not redacted. */
  get lastLine(): string {
    return this.#tails.stderr.trimEnd().split("\n").at(-1) ?? "";
  }

  /** Takes a chunk. Returns `false` if the program printed too much to wait for more. */
  take(stream: "stdout" | "stderr", text: string): boolean {
    this.#seen += text.length;
    const seen = this.#tails[stream] + text;
    this.#tails[stream] = seen.slice(-OVERLAP);
    // Redaction changes the text only if it holds a key or a part of one. A mask is never longer than the masked text.
    if (this.#redact(seen, seen.length) !== this.#clean(seen, seen.length)) this.found.add(stream);
    return this.#seen <= MAX_OUTPUT;
  }
}
