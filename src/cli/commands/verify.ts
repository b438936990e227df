import { Command, Option } from "commander";
import { formatDuration } from "../../core/duration.ts";
import { parsePosition, type Position } from "../../core/position.ts";
import type { KeyHeader } from "../../probe/mcp/key-header.ts";
import { OUTCOMES, type AttemptSummary, type Verification } from "../../probe/verify/verification.ts";
import type { CommandModule, Context } from "../context.ts";
import { warnIfKnownToEnd } from "../expiry.ts";
import { limitFlag } from "../flags.ts";
import { headerFlag } from "../header-flag.ts";
import { parseUrl, runVerification } from "../server-verification.ts";
import type { Painter } from "../terminal/painter.ts";
import { renderFields } from "../terminal/render.ts";
import { reportConfirmation, requireServers } from "../wait.ts";
import { readToken } from "../token-source.ts";

interface VerifyFlags {
  readonly timeout: number;
  readonly header?: KeyHeader;
  readonly allowHttp?: boolean;
  readonly atLeast?: Position;
}

export const verify: CommandModule = {
  examples: [
    "mcp-keys verify https://host.example/mcp < ./ci.key",
    "mcp-keys verify http://127.0.0.1:3000/mcp --json        # the token in MCP_API_KEY",
    "mcp-keys verify http://127.0.0.1:3000/mcp --header X-API-Key",
    "mcp-keys verify https://host.example/mcp --at-least 7Fq2x9Lm0aBc.17 < ./ci.key   # the position of a rotation",
  ],
  build: (open) =>
    new Command("verify")
      .description(
        "Calls a running MCP server with your token, without one, with a bogus one, and with yours changed. " +
          "Reads your token from standard input, else MCP_API_KEY, else prompts. Does not follow redirects.",
      )
      .argument("<url>", "MCP URL of the server, for example https://host/mcp")
      .addOption(limitFlag("--timeout <duration>", "time limit for the whole command").default(10, formatDuration(10)))
      .addOption(headerFlag())
      .addOption(
        new Option(
          "--at-least <position>",
          "first wait until every server that follows the store has applied this position",
        ).argParser(parsePosition),
      )
      .option("--allow-http", "send the token over plain http beyond this machine")
      .action((url: string, flags: VerifyFlags) => runVerify(open(), url, flags)),
};

async function runVerify(
  ctx: Context,
  url: string,
  { timeout, header, allowHttp = false, atLeast }: VerifyFlags,
): Promise<void> {
  await parseUrl(url);
  const start = ctx.world.ticks();
  const token = await readToken(ctx, "refuse", "token", header);
  const confirmation = atLeast === undefined ? null : await requireServers(ctx, atLeast, timeout);
  await reportConfirmation(ctx, confirmation);
  const left = timeout - (confirmation === null ? 0 : (ctx.world.ticks() - start) / 1000);
  const result = await runVerification(ctx, {
    url,
    token,
    header,
    timeout: Math.max(left, 1),
    allowHttp,
    seekHeader: true,
  });
  ctx.setExitStatus(OUTCOMES[result.outcome]);
  if (ctx.flags.json) await ctx.io.json({ ...result });
  else await ctx.io.print(renderVerification(ctx.paint, result));
  if (result.ok) await warnIfKnownToEnd(ctx, token);
}

function renderVerification(paint: Painter, result: Verification): string {
  const { outcome, ok, era, protocolVersion, server, tools, hint } = result;
  const protocol = [era, protocolVersion].filter((word) => word !== undefined).join(" ");
  const named = server === undefined ? "" : `${server.name} ${server.version}`;
  return renderFields(paint, [
    ["outcome", ok ? paint.good(outcome) : paint.error(outcome)],
    named === "" ? null : ["server", named],
    protocol === "" ? null : ["protocol", protocol],
    tools === undefined ? null : ["tools", String(tools)],
    attemptField("no token", result.anonymous, era),
    attemptField("bogus token", result.bogus),
    attemptField("your token", result.presented),
    attemptField("yours, changed", result.changed),
    hint === undefined ? null : ["hint", hint],
  ]);
}

function attemptField(name: string, attempt: AttemptSummary | null, usual = attempt?.era): [string, string] | null {
  if (attempt === null) return null;
  const challenge = attempt.challenge === undefined ? "" : `  ${attempt.challenge}`;
  const era = attempt.era === undefined || attempt.era === usual ? "" : ` in the ${attempt.era} era`;
  return [name, `${String(attempt.status)} in ${String(Math.round(attempt.ms))} ms${era}${challenge}`];
}
