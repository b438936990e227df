import { Command, Option } from "commander";
import { CLIENT_NAMES } from "../../clients/names.ts";
import type { CommandModule } from "../context.ts";
import { FRAMEWORK_NAMES } from "../init/framework-names.ts";
import type { InitFlags } from "../init/run.ts";

export const init: CommandModule = {
  examples: [
    "mcp-keys init                                  # asks four questions",
    "mcp-keys init --plan                           # the same, and changes nothing",
    "mcp-keys init --framework express --name laptop --client claude-code --url http://127.0.0.1:3000/mcp",
  ],
  build: (open) =>
    new Command("init")
      .description(
        "Sets up the server in a folder (default: this one): a file with its guard, the first key with its token in a file, and the " +
          "configuration of a client. Asks for what the flags do not say. Existing code is not changed: it prints the lines to add to " +
          "your server. If it is interrupted, run the same command again.",
      )
      .argument("[folder]", "the folder of the server", ".")
      .addOption(
        new Option("--framework <name>", "what the server is written with; asked, with a guess").choices(
          FRAMEWORK_NAMES,
        ),
      )
      .option("--name <name>", "name of the first key; asked")
      .addOption(
        new Option("--client <client>", "the client to configure, or none; asked").choices([...CLIENT_NAMES, "none"]),
      )
      .option("--url <url>", "URL of the server (default: http://127.0.0.1:3000/mcp)")
      .option("--server-name <name>", "name of the server in the client (default: that of the project)")
      .option("--dotenv <file>", "set MCP_API_KEY in this .env file, instead of writing <name>.key")
      .option("--guard-file <file>", "the file with the guard (default: mcp-auth, in src if there is one)")
      .option("--gitignore", "let git ignore the file with the token, without a question")
      .option("--plan", "say what would be written, and change nothing")
      .action(async (folder: string, flags: InitFlags) => {
        const { runInit } = await import("../lazy/init.ts");
        return runInit(open(), folder, flags);
      }),
};
