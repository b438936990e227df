import type { Secret } from "../../core/secret.ts";
import { KeysError } from "../../errors.ts";
import { attempt, isConversation, type Attempt } from "../verify/attempt.ts";
import { NOTHING } from "../mcp/presented-key.ts";
import { Wire } from "../mcp/wire.ts";
import { LineExchange } from "./line-exchange.ts";
import type { Exit, Program, Spawn } from "./spawn.ts";
import { negotiateStdio } from "./negotiate-stdio.ts";
import { OutputWatcher } from "./output-watcher.ts";
import type { ProgramKey } from "./program-keys.ts";

/** The result of starting the program once. */
export interface StartResult {
  readonly presented: ProgramKey;
  readonly attempt: Attempt;
  /** How it exited on its own, if it did not accept the key. */
  readonly exit: Exit | null;
  /** The streams on which it printed a key or a part of one. */
  readonly printed: readonly ("stdout" | "stderr")[];
  /** Its last line on stderr. Not redacted. */
  readonly lastLine: string;
  /** Milliseconds from the start to the deciding answer. */
  readonly ms: number;
}

export interface StartOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** The variable from which the program reads its key. */
  readonly variable: string;
  readonly spawn: Spawn;
  /** Keys that it must not print. */
  readonly tokens: readonly Secret[];
  /** Monotonic clock, in milliseconds. */
  readonly now: () => number;
  readonly clientVersion: string;
  readonly signal?: AbortSignal;
}

/** mcp-keys reads its own key from this variable. The program must not see it, so it is removed. */
const OWN_VARIABLE = "MCP_API_KEY";
/** Milliseconds for a program to exit on its own after it did not accept the key. */
const EXIT_MS = 250;

/**
 * Starts the program with a key, holds a conversation until the program stops answering, and ends it.
 * @param timeoutMs - Time for the conversation.
 * @throws `KeysError` `INTERRUPTED`
 */
export async function startOnce(options: StartOptions, presented: ProgramKey, timeoutMs: number): Promise<StartResult> {
  const { command, args, variable, spawn, now, clientVersion, signal } = options;
  const output = new OutputWatcher(options.tokens);
  const started = now();
  let exit: Exit | null = null;
  let ms = 0;
  const found = await attempt(async () => {
    const program = await spawn({ command, args, env: { [OWN_VARIABLE]: null, [variable]: presented.value } });
    const lines = new LineExchange();
    const state = { accepted: false, flooded: false };
    program.listen((stream, text) => {
      if (stream === "stdout") lines.take(text);
      if (output.take(stream, text)) return;
      state.flooded = true;
      lines.close(new KeysError("SERVER_UNREACHABLE", "it prints without end", { hint: "make the program log less" }));
      void program.end();
    });
    const wire = (limit: number): Wire =>
      new Wire({
        ...{ url: new URL("stdio:program"), request: lines.clientFor(program), presented: NOTHING },
        ...{ now, clientVersion, signal, deadline: started + timeoutMs, timeoutMs: limit },
      });
    try {
      const conversation = await negotiateStdio(wire);
      state.accepted = conversation.accepted;
      return conversation;
    } finally {
      ms = Math.round(now() - started);
      if (!state.accepted && !state.flooded) exit = await waitForExit(program, signal);
      await program.end();
    }
  });
  return { presented, attempt: found, exit, printed: [...output.found], lastLine: output.lastLine, ms };
}

/** Waits a moment for the exit, because the program may print an explanation first. */
async function waitForExit({ ended }: Program, signal?: AbortSignal): Promise<Exit | null> {
  if (signal?.aborted === true) return null;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, EXIT_MS, null);
  });
  const exit = await Promise.race([ended, late]);
  clearTimeout(timer);
  return exit;
}

/** Tells whether the program neither answered nor exited on its own: it hangs, or a signal ended it. */
export function isSilent({ attempt, exit }: StartResult): boolean {
  return !isConversation(attempt) && exit?.code == null;
}
