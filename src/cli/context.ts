import type { Command } from "commander";
import type { Secret } from "../core/secret.ts";
import type { Epoch } from "../core/key.ts";
import type { Keys } from "../keys/keys.ts";
import type { Random } from "../keys/mint.ts";
import type { HttpRequest } from "../http/http.ts";
import type { KeyStore, StoreWorld } from "../stores/store.ts";
import type { Flags, Io, Streams } from "./terminal/io.ts";
import type { Painter } from "./terminal/render.ts";

/** The outside, made once by `main.ts` or by a test. */
export interface World extends StoreWorld {
  readonly streams: Streams;
  readonly platform: string;
  /** The version of Node.js, such as `v20.17.0`. */
  readonly node: string;
  readonly now: () => Epoch;
  /** Milliseconds that only go forward, for measuring. */
  readonly ticks: () => number;
  readonly random: Random;
  /** Who acts, for the history. */
  readonly actor: string;
  /** Aborted by Ctrl-C. */
  readonly interrupted: AbortSignal;
  /** HTTP, loaded on first use. */
  readonly request: () => Promise<HttpRequest>;
  /** Questions to a person, loaded on first use. */
  readonly ask: () => Promise<Ask>;
}

/** Questions to a person. Each rejects with `INTERRUPTED` when the person leaves with Ctrl-C. */
export interface Ask {
  text(question: { message: string; initial?: string; check?: (answer: string) => true | string }): Promise<string>;
  secret(question: { message: string }): Promise<Secret>;
}

/** What a command works with. */
export interface Context {
  readonly world: World;
  readonly flags: Flags;
  readonly io: Io;
  readonly paint: Painter;
  /** True when a person is there to be asked: stdin and stderr are terminals, and neither `--no-input` nor CI says no. */
  readonly interactive: boolean;
  /** The chosen store, opened on first use and closed at the end of the run. */
  store(): Promise<KeyStore>;
  /** Opens another one, closed at the end of the run as well. @throws `KeysError` what `openStore` throws */
  openStore(spec: string): Promise<KeyStore>;
  keys(): Promise<Keys>;
  /** Ends the run with this status, when its answer is a refusal rather than a failure. */
  end(status: number): void;
  /**
   * Runs at the end of the run, however it ends, Ctrl-C included.
   * @param limit - Milliseconds that the run waits for it; 80 when left out, for who presses Ctrl-C wants to leave.
   */
  atEnd(tidy: () => Promise<void>, limit?: number): void;
}

/**
 * One command. `build` declares its arguments and flags; its action parses, calls one operation and prints.
 * To add one: its file in `commands/` and a line in `commands/index.ts`.
 */
export interface CommandModule {
  /** Shown first in its help; the tests run them. A `#` begins a remark. */
  readonly examples: readonly string[];
  /** @param open - the context of this run; called by the action, once the flags are known */
  build(open: () => Context): Command;
}
