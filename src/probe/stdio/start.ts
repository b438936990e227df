import type { Secret } from "../../core/secret.ts";
import { KeysError } from "../../errors.ts";
import { isConversation, type Attempt } from "../verify/attempt.ts";
import { NOTHING } from "../mcp/credentials.ts";
import { attempt } from "../verify/present.ts";
import { Wire } from "../mcp/wire.ts";
import { Lines } from "./lines.ts";
import type { Exit, Program, Spawn } from "./spawn.ts";
import { lead } from "./talk.ts";
import { Watch } from "./watch.ts";

/** What the program finds in its environment where it looks for the key. */
export interface Presented {
  /** Names it among all of a run; what was presented once is not presented again. */
  readonly id: string;
  /** Completes "let in with …". Holds no secret. */
  readonly name: string;
  /** `null` where the variable is not there. */
  readonly value: Secret | null;
}

/** What came of starting the program once. */
export interface Start {
  readonly presented: Presented;
  readonly attempt: Attempt;
  /** It answered `initialize` with an error. */
  readonly declined: boolean;
  /** How it ended by itself, where it let nobody in. */
  readonly exit: Exit | null;
  /** Where it printed a key, or a part of one. */
  readonly printed: readonly ("stdout" | "stderr")[];
  /** The last line that it logged, not cleaned. */
  readonly lastLine: string;
  /** Milliseconds from its start to the answer that decided. */
  readonly ms: number;
}

export interface StartOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** The variable that holds the key. */
  readonly variable: string;
  readonly spawn: Spawn;
  /** Keys that it should not print. */
  readonly tokens: readonly Secret[];
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
  readonly clientVersion: string;
  readonly signal?: AbortSignal;
}

/** Where the key under test came from; the program must not find it there by chance. */
const OURS = "MCP_API_KEY";
/** What a program that lets nobody in may take to end by itself. Milliseconds. */
const LAST_WORDS = 250;

/**
 * Starts the program with what is presented, leads a conversation as far as it goes, and ends it.
 * @param timeoutMs - For the conversation.
 * @throws `KeysError` `INTERRUPTED`
 */
export async function startOnce(options: StartOptions, presented: Presented, timeoutMs: number): Promise<Start> {
  const { command, args, variable, spawn, now, clientVersion, signal } = options;
  const watch = new Watch(options.tokens);
  const started = now();
  let exit: Exit | null = null;
  let declined = false;
  let ms = 0;
  const found = await attempt(async () => {
    const program = await spawn({ command, args, env: { [OURS]: null, [variable]: presented.value } });
    const lines = new Lines();
    const course = { accepted: false, flooded: false };
    program.listen((stream, text) => {
      if (stream === "stdout") lines.take(text);
      if (watch.take(stream, text)) return;
      course.flooded = true;
      lines.close(new KeysError("SERVER_UNREACHABLE", "it prints without end", { hint: "let it log less" }));
      void program.end();
    });
    const wire = (limit: number): Wire =>
      new Wire({
        ...{ url: new URL("stdio:program"), request: lines.over(program), credentials: NOTHING },
        ...{ now, clientVersion, signal, deadline: started + timeoutMs, timeoutMs: limit },
      });
    try {
      const conversation = await lead(wire, () => (declined = true));
      course.accepted = conversation.accepted;
      return conversation;
    } finally {
      ms = Math.round(now() - started);
      if (!course.accepted && !course.flooded) exit = await lastWords(program, signal);
      await program.end();
    }
  });
  return { presented, attempt: found, declined, exit, printed: [...watch.found], lastLine: watch.lastLine, ms };
}

/** What it says on its way out is part of what it says. One that stays is not waited for. */
async function lastWords({ ended }: Program, signal?: AbortSignal): Promise<Exit | null> {
  if (signal?.aborted === true) return null;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, LAST_WORDS, null);
  });
  const exit = await Promise.race([ended, late]);
  clearTimeout(timer);
  return exit;
}

/** Neither an answer nor an end of its own will: it hangs, or something else ended it. */
export function isSilent({ attempt, exit }: Start): boolean {
  return !isConversation(attempt) && exit?.code == null;
}
