/** One end of a terminal or a pipe, as `main.ts` opens it and the tests imitate it. */
export interface Output {
  /** Resolves when the text has been taken; rejects when the reader is gone or the disk is full. */
  write(text: string): Promise<void>;
  readonly isTerminal: boolean;
  /** How many colours: 0 none, 1 sixteen, 2 256, 3 sixteen million. */
  readonly colors: 0 | 1 | 2 | 3;
  /** Characters a line; 80 where it cannot be told. */
  readonly columns: number;
}

export interface Input {
  readonly isTerminal: boolean;
  /** True for a pipe or a file; false for a terminal, `/dev/null` and a closed input. */
  readonly isPiped: boolean;
  /**
   * Reads to the end and takes off one closing line break.
   * @param patience - milliseconds to wait for the first byte, then `null`; waits for ever when left out
   * @param onWait - called once, when nothing has come for a second
   */
  read(options: { patience?: number; onWait?: () => void }): Promise<string | null>;
}

export interface Streams {
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
}

/** What was chosen with the global flags. */
export interface Flags {
  readonly store?: string;
  readonly json: boolean;
  readonly input: boolean;
  readonly color: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
}

/**
 * How a command speaks. The answer goes to stdout and nothing else does; whatever is said to a person goes to stderr, in
 * lower case and without a full stop. Texts here never hold a token.
 */
export interface Io {
  /** The answer: text of its own, or one JSON document with `--json`. */
  answer(text: string): Promise<void>;
  /** One JSON document, `schemaVersion` first. */
  json(document: Readonly<Record<string, unknown>>): Promise<void>;
  /** Said to a person who did not ask for quiet. */
  note(line: string): void;
  /** What a person most likely runs now; only on a terminal. */
  next(command: string): void;
  /** With `--verbose`. */
  debug(line: string): void;
  /** Something is not as it should be, but the command goes on. Said in quiet as well. */
  warn(line: string): void;
}

/** @param paint - colours a word; from `render.ts` */
export function createIo(
  streams: Streams,
  flags: Flags,
  paint: { dim(text: string): string; warn(text: string): string },
): Io {
  const { stdout, stderr } = streams;
  // What is said on the way must never make a command fail: a closed stderr is nobody listening.
  const say = (line: string) => void stderr.write(`${line}\n`).catch(() => undefined);
  return {
    answer: (text) => stdout.write(text),
    json: (document) => stdout.write(`${JSON.stringify({ schemaVersion: 1, ...document })}\n`),
    note: (line) => {
      if (!flags.quiet) say(line);
    },
    next: (command) => {
      if (!flags.quiet && stderr.isTerminal) say(paint.dim(`next: ${command}`));
    },
    debug: (line) => {
      if (flags.verbose) say(paint.dim(`debug: ${line}`));
    },
    warn: (line) => {
      say(`${paint.warn("warning:")} ${line}`);
    },
  };
}
