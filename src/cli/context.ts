import type { Command } from "commander";
import type { Epoch } from "../core/key.ts";
import type { Keys } from "../keys/keys.ts";
import type { Random } from "../keys/mint.ts";
import type { HttpRequest } from "../http/http.ts";
import type { KeyStore, StoreWorld } from "../stores/store.ts";
import type { GlobalFlags, Io, Streams } from "./terminal/io.ts";
import type { Prompts } from "./terminal/prompts.ts";
import type { Painter } from "./terminal/painter.ts";

/** Everything outside the CLI. Created once, by `main.ts` or by a test. */
export interface World extends StoreWorld {
  readonly streams: Streams;
  readonly platform: string;
  /** The version of Node.js, for example `v20.17.0`. */
  readonly node: string;
  readonly now: () => Epoch;
  /** Monotonic clock, in milliseconds. */
  readonly ticks: () => number;
  readonly random: Random;
  /** Who runs the command; written to the history. */
  readonly actor: string;
  /** Aborted by Ctrl-C. */
  readonly interrupted: AbortSignal;
  /** Calls back on Ctrl-C, or at once after it. */
  readonly onInterrupt: (react: () => void) => void;
  /** The HTTP client, loaded on first use. */
  readonly request: () => Promise<HttpRequest>;
  /** The prompts, loaded on first use. */
  readonly prompts: () => Promise<Prompts>;
}

/** One of the stores that a command reads. */
export interface Reader {
  /** As it was chosen. */
  readonly spec: string;
  /** @throws `KeysError` as `openStore` does */
  readonly open: () => Promise<{ readonly store: KeyStore; readonly keys: () => Promise<Keys> }>;
}

/** The run of a command: its world, flags, output, store and exit status. */
export interface Context {
  readonly world: World;
  readonly flags: GlobalFlags;
  readonly io: Io;
  readonly paint: Painter;
  /** Whether the user can be prompted: stdin and stderr are terminals, and neither `--no-input` nor `CI` is set. */
  readonly interactive: boolean;
  /** Returns the prompts. A prompt for a text refuses a token. */
  prompts(): Promise<Prompts>;
  /** Returns the chosen store. It opens on first use and closes at the end of the run. */
  store(): Promise<KeyStore>;
  /** Returns the chosen stores, in their order. Each opens on first use, as {@link Context.store} does. */
  readers(): readonly Reader[];
  /** Opens another store, which also closes at the end of the run. @throws `KeysError` as `openStore` does */
  openStore(spec: string): Promise<KeyStore>;
  keys(): Promise<Keys>;
  /** Returns the program that parses these words. It knows the flags of the commands that they name. */
  program(words: readonly string[]): Promise<Command>;
  /** Sets the exit status of a run that succeeds with a negative result, for example a refused token. */
  setExitStatus(status: number): void;
  /**
   * Registers a task for the end of the run, also after an error or Ctrl-C.
   * @param limit - milliseconds the run waits for it; 80 by default, because Ctrl-C should end the command at once
   */
  atEnd(tidy: () => Promise<void>, limit?: number): void;
}

/** What `--help` shows about a command, and how to load it. */
export interface CommandEntry {
  /** As its module declares them, for example `<key>`; empty for a command without arguments. */
  readonly operands: string;
  readonly summary: string;
  readonly load: () => Promise<CommandModule>;
}

/**
 * One command. `build` declares its arguments and flags; the action parses them, calls one operation and prints the result.
 * To add a command: a file in `commands/` and an entry in `commands/index.ts`.
 */
export interface CommandModule {
  /** Shown first in the help; the tests run them. `#` starts a comment. */
  readonly examples: readonly string[];
  /** @param open - returns the context of this run; the action calls it once the flags are known */
  build(open: () => Context): Command;
}
