import type { ReadStream } from "node:tty";
import { input, password } from "@inquirer/prompts";
import { Secret } from "../../core/secret.ts";
import { KeysError } from "../../errors.ts";

/** Names of the errors of a prompt that was left without an answer. */
const ENDINGS = ["ExitPromptError", "AbortPromptError"];

/** Questions to a person. Each rejects with `INTERRUPTED` on Ctrl-C, on Ctrl-D, and when the terminal goes away. */
export interface Prompts {
  text(question: { message: string; initial?: string; check?: (answer: string) => true | string }): Promise<string>;
  secret(question: { message: string }): Promise<Secret>;
}

/**
 * Creates prompts that write to stderr, since stdout is for the result. A secret is never shown on the screen.
 * @param streams - those of the process: the prompts need a real terminal
 */
export function createPrompts({
  input: terminal,
  output,
}: {
  input: ReadStream;
  output: NodeJS.WritableStream;
}): Prompts {
  const ask = <T>(prompt: (context: PromptContext) => Promise<T>) =>
    interruptible(terminal, (signal) => prompt({ input: terminal, output, signal }));
  return {
    text: ({ message, initial, check }) =>
      ask((context) =>
        input(
          {
            message,
            ...(initial !== undefined && { default: initial }),
            ...(check !== undefined && { validate: check }),
          },
          context,
        ),
      ),
    secret: async ({ message }) =>
      new Secret(await ask((context) => password({ message, mask: true, toggleMask: false }, context))),
  };
}

interface PromptContext {
  readonly input: ReadStream;
  readonly output: NodeJS.WritableStream;
  readonly signal: AbortSignal;
}

/**
 * Turns Ctrl-C, Ctrl-D and a terminal that goes away into `INTERRUPTED`. All prompts come before the first change, so the hint
 * can say that nothing changed.
 */
async function interruptible<T>(terminal: ReadStream, prompt: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const end = new AbortController();
  const stop = () => {
    end.abort();
  };
  // Ctrl-D closes readline, which only pauses its input: the prompt would never settle, and the process would end with 0. After
  // Ctrl-Z and `fg` readline pauses too, but keeps the terminal in raw mode, and waits for us to go on.
  const onPause = () => {
    setImmediate(() => {
      if (terminal.isRaw) terminal.resume();
      else stop();
    });
  };
  terminal.on("pause", onPause).on("end", stop).on("close", stop);
  try {
    const answer = prompt(end.signal);
    // Readline passes on the errors of a terminal that has gone, and nothing listens there: the process would crash.
    terminal.removeAllListeners("error").on("error", stop);
    return await answer;
  } catch (error) {
    if (!(error instanceof Error) || !ENDINGS.includes(error.name)) throw error;
    throw new KeysError("INTERRUPTED", "interrupted", { hint: "nothing was changed; run the same command again" });
  } finally {
    terminal.off("pause", onPause).off("end", stop).off("close", stop);
  }
}
