import { Command } from "commander";
import { parseAudience } from "../../core/generate.ts";
import type { CommandModule, Context } from "../context.ts";
import { keyJson, versionJson } from "../json.ts";
import { keyLabel } from "../terminal/render.ts";
import { readToken } from "../token-source.ts";

interface CheckFlags {
  readonly scope?: string[];
  readonly audience?: string;
}

export const check: CommandModule = {
  examples: [
    "mcp-keys check < ./ci.key                     # is this token valid in my store?",
    "mcp-keys check --scope notes:read --json      # takes MCP_API_KEY",
  ],
  build: (open) =>
    new Command("check")
      .summary("is this token valid in my store?")
      .description("Judges a token against the store. Takes it from standard input, else MCP_API_KEY, else asks.")
      .option("--scope <scope...>", "must have been given all of these")
      .option("--audience <url>", "must be for this server")
      .action((flags: CheckFlags) => runCheck(open(), flags)),
};

async function runCheck(ctx: Context, { scope, audience }: CheckFlags): Promise<void> {
  const { io, paint, world } = ctx;
  const demand = {
    ...(scope !== undefined && { scopes: scope }),
    ...(audience !== undefined && { audience: parseAudience(audience) }),
  };
  const keys = await ctx.keys();
  const token = await readToken(ctx, "judge");
  const verdict = await keys.check(token.reveal(), demand);
  const { ok, key, version } = verdict;
  if (!ok) ctx.end(4);
  if (ctx.flags.json) {
    await io.json({
      ok,
      ...(!ok && { reason: verdict.reason }),
      ...(key !== undefined && { key: keyJson(key, world.now()) }),
      ...(version !== undefined && { version: versionJson(version) }),
    });
    return;
  }
  const whose = key === undefined || version === undefined ? "" : ` ${keyLabel(key)} version ${String(version.n)}`;
  await io.answer(ok ? `${paint.good("valid")}${whose}\n` : `${paint.error("refused")} ${verdict.reason}${whose}\n`);
}
