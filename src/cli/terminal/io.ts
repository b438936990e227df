import { addStore } from "../hint.ts";

/** An output of the process, opened by `main.ts` or imitated by a test. */
export interface OutputStream {
  /**
   * Resolves when the whole text has been written. Rejects when the reader has gone or the disk is full; the error of a file has
   * `written`, the number of bytes before it.
   */
  write(text: string): Promise<void>;
  /** Why a token written here would be lost, for example "standard output is closed"; `null` if nothing speaks against it. */
  readonly fault: string | null;
  readonly isTerminal: boolean;
  /** Colour depth: 0 none, 1 sixteen colours, 2 256, 3 sixteen million. */
  readonly colors: 0 | 1 | 2 | 3;
  /** Characters per line; 80 when unknown. */
  readonly columns: number;
}

/** Standard input. */
export interface InputStream {
  readonly isTerminal: boolean;
  /** True for a pipe or a file; false for a terminal, `/dev/null` and a closed input. */
  readonly isPiped: boolean;
  /**
   * Reads to the end and removes one final line break.
   * @param patience - milliseconds to wait for the first byte before it resolves to `null`; no limit by default
   * @param onWait - called once when nothing has arrived for a second
   * @param limit - the most bytes; 64 KiB by default, which is far above any token
   */
  read(options: { patience?: number; onWait?: () => void; limit?: number }): Promise<string | null>;
}

/** The three standard streams. */
export interface Streams {
  readonly stdin: InputStream;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
}

/** Values of the global flags. */
export interface GlobalFlags {
  /** Absent also if there are several. */
  readonly store?: string;
  /** In the order of the line. */
  readonly stores: readonly string[];
  readonly json: boolean;
  readonly input: boolean;
  readonly color: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
}

/**
 * The output of a command: its result on stdout, messages on stderr. Messages are lower case, have no full stop and never
 * contain a token.
 */
export interface Io {
  /**
   * Writes the result as text to stdout.
   * @throws `KeysError` `OUTPUT_FAILED`; after a closed pipe, the run ends with 141 and without a message
   */
  print(text: string): Promise<void>;
  /** Writes the result as one JSON document, `schemaVersion` first; otherwise like {@link Io.print}. */
  json(document: Readonly<Record<string, unknown>>): Promise<void>;
  /**
   * Works like {@link Io.json} for a document whose last member is a list, and writes it in pieces: the text of a long list takes more memory
   * than its items.
   * @param items - each is asked for when it is written
   */
  jsonList(document: Readonly<Record<string, unknown>>, name: string, items: Iterable<unknown>): Promise<void>;
  /** Writes a message, except with `--quiet`. */
  note(line: string): void;
  /** Suggests the next command; only on a terminal and not with `--quiet`. */
  next(command: string): void;
  /** Writes a message with `--verbose` only. */
  debug(line: string): void;
  /** Warns about a problem that does not stop the command, also with `--quiet`. */
  warn(line: string): void;
  /** Reports a failure after which the command goes on with other work, also with `--quiet`. */
  fail(message: string, hint: string): void;
}

/** How many items of a list are written at once. */
const PIECE = 1_000;

/**
 * Creates the output of a command.
 * @param paint - colours words; see `render.ts`
 */
export function createIo(
  streams: Streams,
  flags: GlobalFlags,
  paint: { dim(text: string): string; warn(text: string): string; error(text: string): string },
): Io {
  const { stdout, stderr } = streams;
  // A closed stderr must not make a command fail.
  const writeLine = (line: string) => void stderr.write(`${line}\n`).catch(() => undefined);
  return {
    print: (text) => stdout.write(text),
    json: (document) => stdout.write(`${JSON.stringify({ schemaVersion: 1, ...document })}\n`),
    async jsonList(document, name, items) {
      let text = `${JSON.stringify({ schemaVersion: 1, ...document }).slice(0, -1)},${JSON.stringify(name)}:[`;
      let piece: unknown[] = [];
      let separator = "";
      const take = (): void => {
        const list = JSON.stringify(piece).slice(1, -1);
        if (list !== "") text += separator + list;
        separator = ",";
        piece = [];
      };
      for (const item of items) {
        if (piece.push(item) < PIECE) continue;
        take();
        await stdout.write(text);
        text = "";
      }
      take();
      await stdout.write(`${text}]}\n`);
    },
    note: (line) => {
      if (!flags.quiet) writeLine(line);
    },
    next: (command) => {
      if (!flags.quiet && stderr.isTerminal) writeLine(paint.dim(`next: ${addStore(command, flags.store)}`));
    },
    debug: (line) => {
      if (flags.verbose) writeLine(paint.dim(`debug: ${line}`));
    },
    warn: (line) => {
      writeLine(`${paint.warn("warning:")} ${line}`);
    },
    fail: (message, hint) => {
      writeLine(`${paint.error("error:")} ${message}\n${paint.dim("hint:")} ${addStore(hint, flags.store)}`);
    },
  };
}
