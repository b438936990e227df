import { Command, Option } from "commander";
import { formatDuration, parseDuration } from "../../core/duration.ts";
import { DEFAULT_WINDOW } from "../../core/evidence.ts";
import { DEFAULT_OVERLAP } from "../../keys/rotate.ts";
import type { CommandModule, Context } from "../context.ts";
import { addDeliveryFlags } from "../delivery.ts";
import { refuseUnused, tagFlag } from "../flags.ts";
import { runAll, type RunOne } from "../rotation/all.ts";
import { deployFlag } from "../rotation/deploy.ts";
import { runAbort, runFinish } from "../rotation/end.ts";
import type { RotateFlags } from "../rotation/flags.ts";
import { groupFlags } from "../rotation/help-groups.ts";
import { requireKeyOrAll } from "../rotation/key-or-all.ts";
import { resolveOut } from "../rotation/out-name.ts";
import { runPlan } from "../rotation/plan.ts";
import { addPublishFlags } from "../rotation/publish.ts";
import { runRotate } from "../rotation/run.ts";
import { runStatus } from "../rotation/status.ts";
import { addWaitFlags } from "../wait.ts";
import { addProofFlags } from "../token-proof.ts";

/** Flags for a new version, which `--finish` and `--abort` do not issue. */
const ISSUING = [
  "out",
  "merge",
  "to",
  "deploy",
  "overlap",
  "expires",
  "ifOlderThan",
  "runId",
  "format",
  "envName",
] as const;

export const rotate: CommandModule = {
  examples: [
    "mcp-keys rotate ci                           # both tokens work for 24 hours",
    "mcp-keys rotate ci --if-older-than 30d --to 'gh secret set MCP_API_KEY'",
    "mcp-keys rotate ci --to 'gh secret set MCP_API_KEY' --plan   # print the steps, change nothing",
    "mcp-keys rotate ci --finish                  # retire the old token",
    "mcp-keys rotate --all --tag env=prod --to 'vault kv put secret/$MCP_KEYS_KEY token=-'",
  ],
  build: (open) => {
    const command = addProofFlags(
      addDeliveryFlags(
        new Command("rotate")
          .description(
            "Issues a new token for a key: adds a version, delivers its token (--to, --out), tries it on a server (--verify), " +
              "and only then starts to retire the old one, which works until the overlap ends or --finish ends it. " +
              "If it is interrupted, run the same command again to finish.",
          )
          .argument("[key]", "name or id; or use --all"),
      ),
    )
      .addOption(
        durationFlag("--overlap <duration>", "how long both tokens work; 0s if the old one leaked", DEFAULT_OVERLAP),
      )
      .option("--expires <when>", "90d, 2027-03-01 or never (default: same lifetime as the current version)")
      .addOption(
        new Option(
          "--if-older-than <duration>",
          "do nothing if the current version is younger and no rotation is unfinished or was aborted",
        ).argParser(parseDuration),
      )
      .addOption(
        new Option("--plan", "print the steps that the same flags take; change nothing").conflicts([
          "finish",
          "abort",
          "status",
        ]),
      )
      .addOption(
        new Option("--status", "show the rotation in progress; change nothing").conflicts([
          ...["finish", "abort", "force", "publish", "verify", "verifyAll", "wait"],
          ...ISSUING,
        ]),
      )
      .addOption(
        new Option("--finish", "retire the old token now, if it is out of use").conflicts(["abort", ...ISSUING]),
      )
      .addOption(new Option("--abort", "return to the old version").conflicts(["verify", "verifyAll", ...ISSUING]))
      .addOption(
        durationFlag(
          "--window <duration>",
          "with --finish or --abort: a token unused for this long is out of use",
          DEFAULT_WINDOW,
        ),
      )
      .option("--force", "finish or abort even if a token is in use; replace an existing --out file")
      .addOption(deployFlag())
      .option("--all", "every active key, one after the other; goes on after a failure")
      .addOption(tagFlag("with --all: only keys with all of these tags"))
      .option(
        "--run-id <id>",
        "name this run: the same id again finishes it, or does nothing if it is done; needs --out or --to",
      );
    return groupFlags(addWaitFlags(addPublishFlags(command))).action(
      (ref: string | undefined, flags: RotateFlags, command: Command) => {
        refuseUnused(command, {
          to: ["toNewline"],
          "to publish deploy": ["grace"],
          publish: ["names", "signWith", "base64url"],
          "verify verifyAll": ["patience", "header", "oldTokenEnv", "allowHttp"],
          "finish abort": ["window"],
          all: ["tag"],
        });
        const chosen = requireKeyOrAll(ref, flags);
        const run = runOf(flags);
        return chosen === null ? runAll(open(), flags, run) : runNamed(open(), chosen, flags, run);
      },
    );
  },
};

async function runNamed(ctx: Context, ref: string, flags: RotateFlags, run: RunOne): Promise<void> {
  await run(ctx, ref, await resolveOut(ctx, ref, flags));
}

function runOf({ finish, abort, status, plan }: RotateFlags): RunOne {
  if (finish === true) return runFinish;
  if (abort === true) return runAbort;
  if (status === true) return runStatus;
  return plan === true ? runPlan : runRotate;
}

function durationFlag(flag: string, description: string, seconds: number): Option {
  return new Option(flag, description).default(seconds, formatDuration(seconds)).argParser(parseDuration);
}
