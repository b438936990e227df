import { input, password } from "@inquirer/prompts";
import { Secret } from "../../core/secret.ts";
import { KeysError } from "../../errors.ts";
import type { Ask } from "../context.ts";

/**
 * The prompts. They are written to stderr, since stdout is the answer alone, and a secret cannot be revealed on screen.
 * @param streams - the process's own: the prompts need a real terminal
 */
export function createAsk(streams: { input: NodeJS.ReadableStream; output: NodeJS.WritableStream }): Ask {
  return {
    text: ({ message, initial, check }) =>
      leaving(
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
      new Secret(await leaving(password({ message, mask: true, toggleMask: false }, streams))),
  };
}

/** Whoever is asked something is asked before anything is done. */
async function leaving<T>(prompt: Promise<T>): Promise<T> {
  try {
    return await prompt;
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "ExitPromptError") throw error;
    throw new KeysError("INTERRUPTED", "interrupted", { hint: "nothing was changed; run the same command again" });
  }
}
