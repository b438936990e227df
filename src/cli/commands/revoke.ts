import { Command, Option } from "commander";
import type { Key } from "../../core/key.ts";
import { REVOKE_REASONS } from "../../core/revoke.ts";
import { isRevoked } from "../../core/status.ts";
import { KeysError } from "../../errors.ts";
import type { CommandModule, Context } from "../context.ts";
import { keyJson } from "../json.ts";
import { keyLabel } from "../terminal/render.ts";

interface RevokeFlags {
  readonly version?: number;
  readonly reason: (typeof REVOKE_REASONS)[number];
  readonly releaseName?: boolean;
  readonly yes?: boolean;
}

export const revoke: CommandModule = {
  examples: [
    "mcp-keys revoke ci --reason compromised         # asks you to type the name first",
    "mcp-keys revoke ci --yes                        # in scripts",
    "mcp-keys revoke ci --version 1 --yes            # one version only",
  ],
  build: (open) =>
    new Command("revoke")
      .summary("revoke a key at once and permanently")
      .description(
        "Revokes a key, or one of its versions, at once and permanently. The store keeps it as a revoked key.",
      )
      .argument("<key>", "name or id")
      .addOption(new Option("--version <n>", "only this version").argParser(parseVersion))
      .addOption(new Option("--reason <reason>", "reason, for the history").choices(REVOKE_REASONS).default("other"))
      .addOption(new Option("--release-name", "free its name for another key").conflicts("version"))
      .option("--yes", "do not ask for confirmation")
      .action((ref: string, flags: RevokeFlags) => runRevoke(open(), ref, flags)),
};

async function runRevoke(ctx: Context, ref: string, flags: RevokeFlags): Promise<void> {
  const { version, reason, releaseName = false, yes = false } = flags;
  const keys = await ctx.keys();
  const before = await keys.get(ref, { digests: false });
  if (!yes) await confirm(ctx, before, version);
  const { key, changed } = await keys.revoke(before.id, {
    reason,
    releaseName,
    ...(version !== undefined && { version }),
  });
  if (ctx.flags.json) await ctx.io.json({ key: keyJson(key, ctx.world.now()), changed });
  const what = version === undefined ? keyLabel(key) : `version ${String(version)} of ${keyLabel(key)}`;
  const wasRevoked = version === undefined ? isRevoked(before) : !changed;
  ctx.io.note(wasRevoked ? `${what} was already revoked` : `revoked ${what}`);
  if (key.name !== before.name) ctx.io.note(`the name ${before.name} is free again`);
}

/** Asks the user to type the name, because revoking cannot be undone. */
async function confirm(ctx: Context, key: Key, version: number | undefined): Promise<void> {
  if (!ctx.interactive) {
    throw new KeysError("INPUT_REQUIRED", `revoking ${key.name} cannot be undone`, {
      hint: "confirm with --yes",
    });
  }
  const what = version === undefined ? "the key" : `version ${String(version)} of the key`;
  const prompts = await ctx.prompts();
  await prompts.text({
    message: `This revokes ${what} permanently. Type the name of the key (${key.name}) to continue:`,
    check: (answer) => answer === key.name || `type ${key.name}, or press Ctrl-C to cancel`,
  });
}

function parseVersion(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) {
    throw new KeysError("USAGE", `${JSON.stringify(text)} is not a version number`, {
      hint: "see the versions with: mcp-keys show <key>",
    });
  }
  return Number(text);
}
