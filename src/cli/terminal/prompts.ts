import { input, password } from "@inquirer/prompts";
import { Secret } from "../../core/secret.ts";
import { KeysError } from "../../errors.ts";

/** Questions to a person. Each rejects with `INTERRUPTED` on Ctrl-C. */
export interface Prompts {
  text(question: { message: string; initial?: string; check?: (answer: string) => true | string }): Promise<string>;
  secret(question: { message: string }): Promise<Secret>;
}

/**
 * Creates prompts that write to stderr, since stdout is for the result. A secret is never shown on the screen.
 * @param streams - those of the process: the prompts need a real terminal
 */
export function createPrompts(streams: { input: NodeJS.ReadableStream; output: NodeJS.WritableStream }): Prompts {
  return {
    text: ({ message, initial, check }) =>
      interruptible(
        input(
          {
            message,
            ...(initial !== undefined && { default: initial }),
            ...(check !== undefined && { validate: check }),
          },
          streams,
        ),
      ),
    secret: async ({ message }) =>
      new Secret(await interruptible(password({ message, mask: true, toggleMask: false }, streams))),
  };
}

/** Turns Ctrl-C into `INTERRUPTED`. All prompts come before the first change, so the hint can say that nothing changed. */
async function interruptible<T>(prompt: Promise<T>): Promise<T> {
  try {
    return await prompt;
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "ExitPromptError") throw error;
    throw new KeysError("INTERRUPTED", "interrupted", { hint: "nothing was changed; run the same command again" });
  }
}
