import { Command, Option } from "commander";
import { parseDuration } from "../../core/duration.ts";
import { KeysError } from "../../errors.ts";
import { parseEnvName } from "../../formats/env-name.ts";
import type { CommandModule, Context } from "../context.ts";
import { commandFlag, limitFlag, listFlag } from "../flags.ts";
import { headerFlag } from "../header-flag.ts";
import { parseRate } from "../../probe/mcp/request-rate.ts";
import type { TestFlags } from "../test/options.ts";

export const test: CommandModule = {
  examples: [
    "mcp-keys test https://host.example/mcp < ./ci.key",
    "mcp-keys test http://127.0.0.1:3000/mcp --report junit    # the token in MCP_API_KEY",
    "mcp-keys test --stdio -- node server.js                   # a program that reads its key from MCP_API_KEY",
    "mcp-keys test --list                                      # all checks and what they expect",
  ],
  build: (open) =>
    new Command("test")
      .description(
        "Tests a running MCP server: it should accept a valid key, refuse everything else, and leak nothing. " +
          "Reads the token from standard input, else MCP_API_KEY, else prompts. Exits 8 if an access check fails; " +
          "conformance faults alone exit 0. With --store and the server's store, it also issues test keys there, and " +
          "checks that the server notices when they are disabled, rotated or revoked. All are revoked at the end.",
      )
      .argument("[target...]", "MCP URL of the server, for example https://host/mcp; with --stdio a program, after --")
      .addOption(
        new Option("--report <format>", "format of the report (default: pretty)")
          .choices(["pretty", "json", "junit", "sarif", "markdown", "html", "badge"])
          .default(undefined, "pretty"),
      )
      .addOption(
        commandFlag("--save <format=file>", "also write the report to a file, for example sarif=mcp.sarif; repeatable"),
      )
      .addOption(listFlag("--only <id>", "run only this check; an id may end in *", (id) => id))
      .addOption(listFlag("--skip <id>", "skip this check; an id may end in *", (id) => id))
      .option("--list", "list the checks and what they expect; send nothing")
      .option("--strict", "exit 8 for conformance faults too")
      .option(
        "--baseline <file>",
        "report of an earlier run (--report json); its findings count only if they got worse",
      )
      .addOption(headerFlag())
      .option("--call <tool>", "a tool to call without arguments, for servers that only guard tool calls")
      .option("--second-key-env <name>", "variable with a second key, for sessions, and for scopes with --call")
      .addOption(
        limitFlag(
          "--timeout <duration>",
          "time limit per request; with --stdio twice as long, per start (default: 5s)",
        ).default(undefined, "5s"),
      )
      .addOption(
        new Option("--rate <rate>", "requests per second without a valid key, such as 20 or 0.2, or per minute: 12/m")
          .default(20, "20")
          .argParser((text) => parseRate(text)),
      )
      .addOption(countFlag("--concurrency <number>", "concurrent requests", { initial: 6, most: 64 }))
      .addOption(
        new Option(
          "--patience <duration>",
          "how long to wait in all if the server limits the rate (default: 1m), and for it to notice a change in --store (default: 10s)",
        )
          .default(undefined, "1m")
          .argParser(parseDuration),
      )
      .option("--allow-http", "send the token over plain http beyond this machine")
      .option("--stdio", "start a program that speaks MCP over stdin and stdout")
      .option(
        "--proxy",
        "add the token to the requests of another tool: print the URL of a proxy on this machine, or run the command after --, with {url} replaced",
      )
      .option("--env-name <name>", "variable from which the program reads its key (default: MCP_API_KEY)", parseEnvName)
      .action((target: string[], flags: TestFlags) => runTest(open(), target, flags)),
};

/** Loads the code for HTTP servers and programs on first use. */
async function runTest(ctx: Context, target: readonly string[], flags: TestFlags): Promise<void> {
  if (flags.proxy === true) return (await import("../test/proxy.ts")).runProxy(ctx, target, flags);
  if (flags.list === true) return (await import("../test/list.ts")).listChecks(ctx, flags);
  const { testServer, testProgram } = await import("../test/run.ts");
  return flags.stdio === true ? testProgram(ctx, target, flags) : testServer(ctx, target, flags);
}

function countFlag(flags: string, description: string, { initial, most }: { initial: number; most: number }): Option {
  return new Option(flags, description).default(initial, String(initial)).argParser((text) => {
    const number = Number(text);
    if (/^\d{1,9}$/.test(text) && number >= 1 && number <= most) return number;
    const [flag = ""] = flags.split(" ");
    throw new KeysError("USAGE", `${flag} must be a whole number from 1 to ${String(most)}`, {
      hint: `for example: ${flag} ${String(initial)}`,
    });
  });
}
