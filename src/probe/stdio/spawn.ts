import type { Secret } from "../../core/secret.ts";

/** A program to start. */
export interface ProgramInit {
  readonly command: string;
  readonly args: readonly string[];
  /** Changes to our environment: a value, or `null` to remove the variable. */
  readonly env: Readonly<Record<string, Secret | null>>;
}

/** How a program ended: with an exit status or by a signal. */
export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
}

/** A running program. */
export interface Program {
  /** Reports everything it prints, in chunks. To be called once, right after the start. */
  listen(onText: (stream: "stdout" | "stderr", text: string) => void): void;
  /** Writes a line to its standard input. The line is lost if the program no longer reads. */
  write(line: string): void;
  /** Resolves when the program has exited and all its output was reported. Never rejects. */
  readonly ended: Promise<Exit>;
  /** Closes its input, then terminates it with all its children if it does not exit. May be called twice; never rejects. */
  end(): Promise<void>;
}

/**
 * Starts a program with pipes for its three streams.
 * @throws `KeysError` `SERVER_UNREACHABLE` if there is no such program, `INTERRUPTED`
 */
export type Spawn = (init: ProgramInit) => Promise<Program>;

/** Describes an exit: `exit status 2`. */
export function describeExit({ code, signal }: Exit): string {
  return code === null ? `ended by ${signal ?? "a signal"}` : `exit status ${String(code)}`;
}
