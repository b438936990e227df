import { Command } from "commander";
import { isRevoked } from "../../core/status.ts";
import type { CommandModule, Context } from "../context.ts";
import { keyJson } from "../json.ts";
import { keyLabel } from "../terminal/render.ts";

export const disable: CommandModule = {
  examples: ["mcp-keys disable ci"],
  build: (open) =>
    new Command("disable")
      .summary("refuse a key until you enable it again")
      .description("Makes servers refuse a key until you enable it again. Nothing else about the key changes.")
      .argument("<key>", "name or id")
      .action((ref: string) => runSetEnabled(open(), ref, "disable")),
};

export const enable: CommandModule = {
  examples: ["mcp-keys enable ci"],
  build: (open) =>
    new Command("enable")
      .summary("accept a disabled key again")
      .description("Makes servers accept a disabled key again.")
      .argument("<key>", "name or id")
      .action((ref: string) => runSetEnabled(open(), ref, "enable")),
};

async function runSetEnabled(ctx: Context, ref: string, verb: "disable" | "enable"): Promise<void> {
  const { key, changed } = await (await ctx.keys())[verb](ref);
  if (ctx.flags.json) await ctx.io.json({ key: keyJson(key, ctx.world.now()), changed });
  const unchanged = isRevoked(key) ? "is revoked: servers refuse it anyway" : `was already ${verb}d`;
  ctx.io.note(changed ? `${verb}d ${keyLabel(key)}` : `${keyLabel(key)} ${unchanged}`);
}
