import { Command } from "commander";
import { isRevoked } from "../../core/status.ts";
import type { CommandModule, Context } from "../context.ts";
import { reportChange } from "../report-change.ts";
import { keyLabel } from "../terminal/render.ts";
import { addWaitFlags, openWait, type WaitFlags } from "../wait.ts";

export const disable: CommandModule = {
  examples: ["mcp-keys disable ci"],
  build: (open) =>
    addWaitFlags(new Command("disable"), { byDefault: true })
      .description("Makes servers refuse a key until you enable it again. Nothing else about the key changes.")
      .argument("<key>", "name or id")
      .action((ref: string, flags: WaitFlags) => runSetEnabled(open(), ref, "disable", flags)),
};

export const enable: CommandModule = {
  examples: ["mcp-keys enable ci"],
  build: (open) =>
    addWaitFlags(new Command("enable"))
      .description("Makes servers accept a disabled key again.")
      .argument("<key>", "name or id")
      .action((ref: string, flags: WaitFlags) => runSetEnabled(open(), ref, "enable", flags)),
};

async function runSetEnabled(ctx: Context, ref: string, verb: "disable" | "enable", flags: WaitFlags): Promise<void> {
  const wait = await openWait(ctx, flags, verb === "disable");
  const updated = await (await ctx.keys())[verb](ref);
  const { key, changed } = updated;
  const unchanged = isRevoked(key) ? "is revoked: servers refuse it anyway" : `was already ${verb}d`;
  const say = (): void => ctx.io.note(changed ? `${verb}d ${keyLabel(key)}` : `${keyLabel(key)} ${unchanged}`);
  await reportChange(ctx, updated, { wait, say });
}
