import { Command, InvalidArgumentError, Option } from "commander";
import { parseDuration } from "../../core/duration.ts";
import { parseEnvName } from "../../formats/env-name.ts";
import type { CommandModule, Context } from "../context.ts";
import type { TestFlags } from "../test/options.ts";

export const test: CommandModule = {
  examples: [
    "mcp-keys test https://host.example/mcp < ./ci.key",
    "mcp-keys test http://127.0.0.1:3000/mcp --report junit    # takes MCP_API_KEY",
    "mcp-keys test --stdio -- node server.js                   # a program that finds its key in MCP_API_KEY",
    "mcp-keys test --list                                      # every check, and what it expects",
  ],
  build: (open) =>
    new Command("test")
      .summary("is the server's door shut? every way in tried, each finding with its mend")
      .description(
        "Tries every way into a running MCP server, with the right key and with everything else, and reports what it finds. " +
          "Takes the token from standard input, else MCP_API_KEY, else asks. Exits 8 when somebody gets in who should not or " +
          "something leaks; bad manners alone exit 0. With a --store of its own, which the server must follow, it also makes " +
          "keys there, ends them, and sees whether the server follows; they are revoked at the end.",
      )
      .argument(
        "[target...]",
        "where the server answers MCP, such as https://host/mcp; with --stdio a program, after --",
      )
      .addOption(
        new Option("--report <format>", "how it is written")
          .choices(["pretty", "json", "junit", "sarif", "markdown"])
          .default(undefined, "pretty"),
      )
      .option("--only <id...>", "only these checks; an id may end in *")
      .option("--skip <id...>", "not these checks")
      .option("--list", "list the checks and what they expect, and ask nothing")
      .option("--strict", "bad manners exit 8 as well")
      .option("--baseline <file>", "a former --report json: what stands in it does not count")
      .option("--header <name>", "the header that takes the key, such as X-API-Key")
      .option("--call <tool>", "a tool that may be called, without arguments, for servers that guard calls alone")
      .option("--second-key-env <name>", "the variable with a second key, for sessions of two clients")
      .addOption(
        new Option("--timeout <duration>", "for each request; with --stdio for each start, and twice as long")
          .default(undefined, "5s")
          .argParser(parseDuration),
      )
      .addOption(count("--rate <number>", "requests a second without the right key", { initial: 20, most: 1000 }))
      .addOption(count("--concurrency <number>", "requests at the same time", { initial: 6, most: 64 }))
      .addOption(
        new Option("--patience <duration>", "how long the server may take to follow --store")
          .default(undefined, "10s")
          .argParser(parseDuration),
      )
      .option("--allow-http", "send the token over plain http beyond this machine")
      .option("--stdio", "start a program, which speaks MCP over its standard streams")
      .option(
        "--env-name <name>",
        "the variable in which the program looks for the key (default: MCP_API_KEY)",
        parseEnvName,
      )
      .action((target: string[], flags: TestFlags) => runTest(open(), target, flags)),
};

/** What each kind of server takes is loaded on first use. */
async function runTest(ctx: Context, target: readonly string[], flags: TestFlags): Promise<void> {
  if (flags.list === true) return (await import("../test/list.ts")).listChecks(ctx, flags);
  const { testServer, testProgram } = await import("../test/run.ts");
  return flags.stdio === true ? testProgram(ctx, target, flags) : testServer(ctx, target, flags);
}

function count(flags: string, description: string, { initial, most }: { initial: number; most: number }): Option {
  return new Option(flags, description).default(initial, String(initial)).argParser((text) => {
    const number = Number(text);
    if (/^\d{1,9}$/.test(text) && number >= 1 && number <= most) return number;
    throw new InvalidArgumentError(`It is a whole number from 1 to ${String(most)}.`);
  });
}
