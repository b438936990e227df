import { Option, type Command } from "commander";
import { KeysError } from "../errors.ts";
import type { GlobalFlags } from "./terminal/io.ts";

const GROUP = "Global options:";

/**
 * Adds the flags that every command takes. They may come before or after the command; the later one wins. Both the program
 * and each command declare them, since a command's own flag (`revoke --version 2`) may share a name with the program's.
 */
export function addGlobalFlags(command: Command): Command {
  const flags = [
    new Option("--store <spec>", "where keys are kept, for example file:/srv/keys.jsonl (or MCP_KEYS_STORE)"),
    new Option("--json", "print one JSON document; errors are JSON on stderr"),
    new Option("--no-input", "never prompt; a missing value is an error that names its flag"),
    new Option("--no-color", "no colours (or NO_COLOR)"),
    new Option("--quiet", "print only errors and warnings to stderr"),
    new Option("--verbose", "print each step to stderr"),
  ];
  for (const flag of flags) command.addOption(flag.helpGroup(GROUP));
  return command;
}

/**
 * Reads the global flags given before, between and after the names of a command and its parents.
 * @throws {@link KeysError} `USAGE` for `--quiet` with `--verbose`
 */
export function readFlags(command: Command): GlobalFlags {
  const given = (name: string): unknown => {
    for (let level: Command | null = command; level !== null; level = level.parent) {
      if (level.getOptionValueSource(name) === "cli") return level.getOptionValue(name);
    }
    return undefined;
  };
  const store = given("store");
  const flags = {
    ...(typeof store === "string" && { store }),
    json: given("json") === true,
    input: given("input") !== false,
    color: given("color") !== false,
    quiet: given("quiet") === true,
    verbose: given("verbose") === true,
  };
  if (flags.quiet && flags.verbose) {
    throw new KeysError("USAGE", "--quiet and --verbose cannot be used together", { hint: "remove one of them" });
  }
  return flags;
}

/**
 * Parses the `name=value` tags of `--tag`.
 * @throws {@link KeysError} `USAGE`
 */
export function parseTags(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(texts.map(parseTag));
}

/**
 * Parses one `name=value` tag. The value may contain `=`.
 * @throws {@link KeysError} `USAGE`
 */
export function parseTag(text: string): [name: string, value: string] {
  const at = text.indexOf("=");
  if (at < 1) {
    throw new KeysError("USAGE", "a tag must have the form name=value", { hint: "for example: --tag team=payments" });
  }
  return [text.slice(0, at), text.slice(at + 1)];
}
