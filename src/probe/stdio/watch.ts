import type { Secret } from "../../core/secret.ts";
import { createRedact } from "../mcp/redact.ts";

/** Of what was printed so many characters are looked at again with what follows: a key may come in pieces. */
const OVERLAP = 512;
/** Characters after which a program prints without end. */
const FLOOD = 4_194_304;

/** Looks for keys in what a program prints, as it comes, and keeps no more than the end of it. */
export class Watch {
  /** The streams on which a key was printed, or a part of one. */
  readonly found = new Set<"stdout" | "stderr">();
  readonly #tails = { stdout: "", stderr: "" };
  readonly #redact = createRedact([]);
  readonly #redactor: (text: string, limit: number) => string;
  #seen = 0;

  constructor(tokens: readonly Secret[]) {
    this.#redactor = createRedact(tokens);
  }

  /** The last line of its log; not yet cleaned. */
  get lastLine(): string {
    return this.#tails.stderr.trimEnd().split("\n").at(-1) ?? "";
  }

  /** False once so much was printed that no more should be waited for. */
  take(stream: "stdout" | "stderr", text: string): boolean {
    this.#seen += text.length;
    const seen = this.#tails[stream] + text;
    this.#tails[stream] = seen.slice(-OVERLAP);
    // What would be masked is a key, or a part of one; a mask is never longer than what it hides.
    if (this.#redactor(seen, seen.length) !== this.#redact(seen, seen.length)) this.found.add(stream);
    return this.#seen <= FLOOD;
  }
}
