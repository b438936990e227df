import { Command } from "commander";
import type { CommandModule, Context } from "../context.ts";
import { keyJson } from "../json.ts";
import { keyLabel } from "../terminal/render.ts";

export const disable: CommandModule = {
  examples: ["mcp-keys disable ci"],
  build: (open) =>
    new Command("disable")
      .summary("refuse a key until it is enabled again")
      .description("Refuses a key until it is enabled again. Nothing else about it changes.")
      .argument("<key>", "name or id")
      .action((ref: string) => runSetEnabled(open(), ref, "disable")),
};

export const enable: CommandModule = {
  examples: ["mcp-keys enable ci"],
  build: (open) =>
    new Command("enable")
      .summary("let a disabled key in again")
      .description("Lets a disabled key in again.")
      .argument("<key>", "name or id")
      .action((ref: string) => runSetEnabled(open(), ref, "enable")),
};

async function runSetEnabled(ctx: Context, ref: string, verb: "disable" | "enable"): Promise<void> {
  const { key, changed } = await (await ctx.keys())[verb](ref);
  if (ctx.flags.json) await ctx.io.json({ key: keyJson(key, ctx.world.now()), changed });
  ctx.io.note(changed ? `${verb}d ${keyLabel(key)}` : `${keyLabel(key)} was ${verb}d already`);
}
