import { maskCommand } from "../../core/find-token.ts";
import { shellQuote } from "../../core/shell-quote.ts";
import { CODES, KeysError, type Code } from "../../errors.ts";
import type { CommandInput } from "../../sinks/command.ts";
import { sinks } from "../../sinks/index.ts";
import type { Variables } from "../../sinks/sink.ts";
import type { Context } from "../context.ts";
import { ENDING } from "../destinations.ts";

/** The command of a step. */
export interface StepCommand {
  readonly flag: "--publish" | "--deploy";
  readonly command: string;
  readonly input: Exclude<CommandInput, "token">;
  /** The code of its failure. */
  readonly code: Code;
  /** Seconds that it may take to finish after an interruption. */
  readonly grace: number;
}

const EXAMPLES = { "--publish": "./publish.sh", "--deploy": "'kubectl rollout restart deployment/notes'" };

/** Runs a command with a text on its standard input, and with variables that name the key. */
export type RunStep = (text: string, variables?: Variables) => Promise<void>;

/**
 * Checks now that the shell can run a command. It is ended at the end of the run.
 * @returns a function that runs it, any number of times
 * @throws {@link KeysError} `USAGE` for an empty command; otherwise the code of the step, as the function does
 */
export async function openStepCommand(ctx: Context, step: StepCommand): Promise<RunStep> {
  const { flag, command, grace, input } = step;
  if (command.trim() === "") {
    throw new KeysError("USAGE", `the command of ${flag} is empty`, { hint: `for example: ${flag} ${EXAMPLES[flag]}` });
  }
  const { env, interrupted: signal } = ctx.world;
  const open = () =>
    sinks
      .command(command, { env, signal, terminal: ctx.interactive, grace, notify: (line) => ctx.io.note(line), input })
      .catch((error: unknown) => failed(step, error));
  let sink = await open();
  let isUsed = false;
  ctx.atEnd(() => sink.discard(), grace * 1000 + ENDING);
  return async (text, variables) => {
    // A sink delivers once.
    if (isUsed) sink = await open();
    isUsed = true;
    await sink.deliver(text, variables).catch((error: unknown) => failed(step, error));
  };
}

function failed({ flag, command, code }: StepCommand, error: unknown): never {
  if (!(error instanceof KeysError)) throw error;
  const isUsual = error.hint === CODES[error.code].hint;
  throw new KeysError(code, `${flag} ${shellQuote(maskCommand(command))}: ${error.message}`, {
    cause: error,
    ...(!isUsual && { hint: `${error.hint}, and run the same command again` }),
  });
}
