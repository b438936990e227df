import type { Option } from "commander";
import type { Variables } from "../../sinks/sink.ts";
import { KeysError } from "../../errors.ts";
import type { Context } from "../context.ts";
import { commandFlag } from "../flags.ts";
import { openStepCommand, type RunStep } from "./step-command.ts";

/** The flags for the service that uses the delivered token. */
export interface DeployFlags {
  readonly deploy?: readonly string[];
  readonly grace: number;
}

/** Creates `--deploy`. */
export function deployFlag(): Option {
  return commandFlag("--deploy <command>", "run a command after the delivery, without the token; repeatable, in order");
}

/**
 * Checks the `--deploy` commands, and returns the step that runs them in order; `undefined` without any. They do not get the token,
 * but variables that name its key.
 * @throws {@link KeysError} `DEPLOY_FAILED`, as the step does; `USAGE`
 */
export async function openDeploy(
  ctx: Context,
  { deploy = [], grace }: DeployFlags,
): Promise<((about: Variables) => Promise<void>) | undefined> {
  const commands: RunStep[] = [];
  for (const command of deploy) {
    commands.push(
      await openStepCommand(ctx, { flag: "--deploy", command, input: "nothing", code: "DEPLOY_FAILED", grace }),
    );
  }
  if (commands.length === 0) return undefined;
  return async (about) => {
    for (const run of commands) {
      await run("", about);
      // The version stays pending, so both tokens work until the next run.
      if (ctx.world.interrupted.aborted) throw new KeysError("INTERRUPTED", "interrupted after --deploy");
    }
  };
}
