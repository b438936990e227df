import { Argument, Command } from "commander";
import { resolveConfig } from "../../config.ts";
import { keyStatus } from "../../core/status.ts";
import { KeysError } from "../../errors.ts";
import { peekKeys } from "../../stores/peek.ts";
import type { Candidate } from "../completion/complete.ts";
import { INSTALL, type ShellName } from "../completion/install.ts";
import type { CommandModule, Context } from "../context.ts";

export const completion: CommandModule = {
  examples: ["mcp-keys completion bash    # prints the script; below is how to install it", "mcp-keys completion fish"],
  build: (open) =>
    new Command("completion")
      .description(
        "Prints a script for your shell. It completes commands, flags, their values, names of keys, and files. It asks mcp-keys at " +
          "each Tab, so it stays the same after an update. It never opens the keychain and never prompts.",
      )
      .addArgument(new Argument("<shell>", "your shell").choices(Object.keys(INSTALL)))
      .option(
        "--complete",
        "for the script: read the words of a line from standard input, and print what may come next",
      )
      .addHelpText("after", installationHelp)
      .action((shell: ShellName, { complete = false }: { complete?: boolean }) => {
        const ctx = open();
        if (ctx.flags.json) {
          throw new KeysError("USAGE", "completion prints a script, so --json does not apply", {
            hint: "remove --json",
          });
        }
        return complete ? printCandidates(ctx) : printScript(ctx, shell);
      }),
};

function installationHelp(): string {
  const lines = Object.entries(INSTALL).map(([shell, line]) => `  ${shell.padEnd(10)}  ${line}\n`);
  return `\nInstall it once, then open a new shell:\n${lines.join("")}`;
}

async function printScript({ io, world }: Context, shell: ShellName): Promise<void> {
  const { scripts } = await import("../lazy/completion.ts");
  await io.print(scripts[shell]);
  // A shell that evaluates the script has it installed.
  if (world.streams.stdout.isTerminal) io.next(INSTALL[shell]);
}

async function printCandidates(ctx: Context): Promise<void> {
  const { complete } = await import("../lazy/completion.ts");
  const typed = (await ctx.world.streams.stdin.read({})) ?? "";
  const words = typed.split(/\r?\n/);
  const { candidates, files } = await complete(await ctx.program(words.slice(0, -1)), words, {
    // An unreadable store has no names to offer. An error would appear in the line that the user types.
    keys: (store) => listKeys(ctx, store).catch(() => []),
    stores: listStores,
  });
  const lines = candidates.map(({ value, description }) => `${value}\t${description}\n`);
  await ctx.io.print(files ? ":files\n" : lines.join(""));
}

async function listStores(): Promise<Candidate[]> {
  const { stores } = await import("../lazy/store.ts");
  return Object.entries(stores).map(([name, { summary }]) => ({ value: `${name}:`, description: summary }));
}

/** Lists the names of the keys. Without digests, which may be in a keychain. */
async function listKeys(ctx: Context, named: string | undefined): Promise<Candidate[]> {
  const spec = named ?? resolveConfig(ctx.flags, ctx.world.env).store;
  const keys = peekKeys(spec, ctx.world) ?? (await (await ctx.openStore(spec)).list({ digests: false }));
  return keys.map((key) => ({ value: key.name, description: keyStatus(key, ctx.world.now()) }));
}
