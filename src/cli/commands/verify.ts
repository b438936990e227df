import { Command, Option } from "commander";
import { formatDuration, parseDuration } from "../../core/duration.ts";
import { OUTCOMES, type AttemptSummary, type Verification } from "../../probe/verify/verification.ts";
import type { CommandModule, Context } from "../context.ts";
import { probeServer } from "../prove.ts";
import { renderFields, type Painter } from "../terminal/render.ts";
import { readToken } from "../token-source.ts";

interface VerifyFlags {
  readonly timeout: number;
  readonly allowHttp?: boolean;
}

export const verify: CommandModule = {
  examples: [
    "mcp-keys verify https://host.example/mcp < ./ci.key",
    "mcp-keys verify http://127.0.0.1:3000/mcp --json        # takes MCP_API_KEY",
  ],
  build: (open) =>
    new Command("verify")
      .summary("does this token open that server, and is it shut without one?")
      .description(
        "Asks a running MCP server three times: without a token, with a bogus one, and with yours. " +
          "Takes it from standard input, else MCP_API_KEY, else asks. Follows no redirect.",
      )
      .argument("<url>", "where the server answers MCP, such as https://host/mcp")
      .addOption(
        new Option("--timeout <duration>", "for everything together")
          .default(10, formatDuration(10))
          .argParser(parseDuration),
      )
      .option("--allow-http", "send the token over plain http beyond this machine")
      .action((url: string, flags: VerifyFlags) => runVerify(open(), url, flags)),
};

async function runVerify(ctx: Context, url: string, { timeout, allowHttp = false }: VerifyFlags): Promise<void> {
  const token = await readToken(ctx);
  const result = await probeServer(ctx, { url, token, timeout, allowHttp });
  ctx.end(OUTCOMES[result.outcome]);
  if (ctx.flags.json) await ctx.io.json({ ...result });
  else await ctx.io.answer(renderVerification(ctx.paint, result));
}

function renderVerification(paint: Painter, result: Verification): string {
  const { outcome, ok, era, protocolVersion, server, tools, hint } = result;
  const spoken = [era, protocolVersion].filter((word) => word !== undefined).join(" ");
  const named = server === undefined ? "" : `${server.name} ${server.version}`;
  return renderFields(paint, [
    ["outcome", ok ? paint.good(outcome) : paint.error(outcome)],
    named === "" ? null : ["server", named],
    spoken === "" ? null : ["protocol", spoken],
    tools === undefined ? null : ["tools", String(tools)],
    presentation("no token", result.anonymous),
    presentation("bogus token", result.bogus),
    presentation("your token", result.presented),
    hint === undefined ? null : ["hint", hint],
  ]);
}

function presentation(name: string, seen: AttemptSummary | null): [string, string] | null {
  if (seen === null) return null;
  const challenge = seen.challenge === undefined ? "" : `  ${seen.challenge}`;
  return [name, `${String(seen.status)} in ${String(Math.round(seen.ms))} ms${challenge}`];
}
