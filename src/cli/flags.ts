import { Option, type Command } from "commander";
import { KeysError } from "../errors.ts";
import type { Flags } from "./terminal/io.ts";

const GROUP = "Global options:";

/**
 * The flags every command takes. They may stand before the command or after it; where both are given the later one holds.
 * They are declared at both places, since a flag of a command (`revoke --version 2`) may have the name of one of the program.
 */
export function addGlobalFlags(command: Command): Command {
  const flags = [
    new Option("--store <spec>", "where keys live, such as file:/srv/keys.jsonl (or MCP_KEYS_STORE)"),
    new Option("--json", "one JSON document on stdout, errors as JSON on stderr"),
    new Option("--no-input", "never ask; a missing answer is an error that names its flag"),
    new Option("--no-color", "no colours (or NO_COLOR)"),
    new Option("--quiet", "say nothing but errors on stderr"),
    new Option("--verbose", "say on stderr what is being done"),
  ];
  for (const flag of flags) command.addOption(flag.helpGroup(GROUP));
  return command;
}

/**
 * Puts together what stands before and after the command, and between it and the one it belongs to.
 * @throws {@link KeysError} `USAGE` for `--quiet` with `--verbose`
 */
export function readFlags(command: Command): Flags {
  const given = (name: string): unknown => {
    for (let place: Command | null = command; place !== null; place = place.parent) {
      if (place.getOptionValueSource(name) === "cli") return place.getOptionValue(name);
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
    throw new KeysError("USAGE", "--quiet and --verbose exclude each other", { hint: "leave one of them out" });
  }
  return flags;
}
