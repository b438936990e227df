import type { Secret } from "../../core/secret.ts";

/** A program to start, as it was typed. */
export interface ProgramInit {
  readonly command: string;
  readonly args: readonly string[];
  /** What in its environment differs from ours: a value, or `null` for a variable that it must not have. */
  readonly env: Readonly<Record<string, Secret | null>>;
}

/** How a program ended: its exit status, or the signal that ended it. */
export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
}

/** A program that runs. */
export interface Program {
  /** Tells what it prints, in pieces as they come and from the beginning; called once, at once. */
  listen(onText: (stream: "stdout" | "stderr", text: string) => void): void;
  /** Sends a line, closed by a line break, to its standard input; lost when it reads no more. */
  write(line: string): void;
  /** How it ended by itself, when all that it printed has been told. Never rejects. */
  readonly ended: Promise<Exit>;
  /** Closes its input, and ends it with all that it started when that is not enough. Twice is allowed; never rejects. */
  end(): Promise<void>;
}

/**
 * Starts a program with pipes for its three streams.
 * @throws `KeysError` `SERVER_UNREACHABLE` when there is no such program, `INTERRUPTED`
 */
export type Spawn = (init: ProgramInit) => Promise<Program>;
