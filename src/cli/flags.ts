import { Option, type Command } from "commander";
import { parseDuration } from "../core/duration.ts";
import { suggest } from "../core/suggest.ts";
import { KeysError } from "../errors.ts";
import type { GlobalFlags } from "./terminal/io.ts";

const GROUP = "Global options:";
/** Commands that only read, and can read several stores. */
const TAKE_SEVERAL: readonly string[] = ["list", "show", "check"];

/**
 * Adds the flags that every command takes. They may come before or after the command; the later one wins. Both the program
 * and each command declare them, since a command's own flag (`revoke --version 2`) may share a name with the program's.
 */
export function addGlobalFlags(command: Command): Command {
  const flags = [
    new Option("--store <spec>", "where keys are kept, for example file:/srv/keys.jsonl (or MCP_KEYS_STORE)").argParser<
      string[]
    >((spec, before) => [...(Array.isArray(before) ? before : []), spec]),
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
 * @throws {@link KeysError} `USAGE` for `--quiet` with `--verbose`, and for several stores where one is needed
 */
export function readFlags(command: Command): GlobalFlags {
  const given = (name: string): unknown => {
    for (let level: Command | null = command; level !== null; level = level.parent) {
      if (level.getOptionValueSource(name) === "cli") return level.getOptionValue(name);
    }
    return undefined;
  };
  const named = given("store");
  const stores = (Array.isArray(named) ? named : [named]).filter((each) => typeof each === "string");
  const [store, ...others] = stores;
  if (others.length > 0 && !TAKE_SEVERAL.includes(command.name())) {
    throw new KeysError("USAGE", `--store was given twice, and ${command.name()} works on one store`, {
      hint: `remove one of them; several stores are for ${TAKE_SEVERAL.join(", ")}`,
    });
  }
  const flags = {
    ...(store !== undefined && others.length === 0 && { store }),
    stores,
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
 * Creates a flag with many values. It takes one value each time and may be repeated; commas separate values. A flag that took
 * all following words would take the name of a key too: `generate --scope a ci`.
 * @param parse - parses one value
 */
export function listFlag(flags: string, description: string, parse: (text: string) => unknown, comma = /,/): Option {
  return new Option(flags, description).argParser<unknown[]>((text, before) => {
    const values = text.split(comma).map((value) => value.trim());
    // Usually a variable that is not set.
    if (values.includes("")) {
      throw new KeysError("USAGE", `${nameOf(flags)} has an empty value`, {
        hint: "write a value, or remove the flag",
      });
    }
    return [...(Array.isArray(before) ? before : []), ...values.map(parse)];
  });
}

/** Creates a flag for a shell command. It may be repeated. */
export function commandFlag(flags: string, description: string): Option {
  return new Option(flags, description).argParser<string[] | undefined>((text, before) => [...(before ?? []), text]);
}

/** Creates a {@link listFlag} whose values are some of these. */
export function choicesFlag(flags: string, description: string, choices: readonly string[]): Option {
  const flag = listFlag(flags, description, (text) => {
    if (choices.includes(text)) return text;
    throw new KeysError("USAGE", `${JSON.stringify(text)} is not a valid value of ${nameOf(flags)}`, {
      hint: `${suggest(text, choices)}choose one of ${choices.join(", ")}`,
    });
  });
  flag.argChoices = [...choices];
  return flag;
}

function nameOf(flags: string): string {
  return flags.replace(/ .*/, "");
}

/** Creates `--tag`, for {@link tagsOf}. A comma in a value only starts another tag if a name and `=` follow. */
export function tagFlag(description: string): Option {
  return listFlag("--tag <name=value>", description, parseTag, /,(?=\s*[\w.-]+=)/);
}

/**
 * Returns the tags that `--tag` collected.
 * @throws {@link KeysError} `USAGE` if one name has two values
 */
export function tagsOf(entries: readonly (readonly [name: string, value: string])[] = []): Record<string, string> {
  const tags = Object.fromEntries(entries);
  const clash = entries.find(([name, value]) => tags[name] !== value);
  if (clash === undefined) return tags;
  throw new KeysError("USAGE", `--tag gives ${JSON.stringify(clash[0])} two values`, {
    hint: "remove one of them",
  });
}

/** Parses one `name=value` tag. The value may contain `=`. */
function parseTag(text: string): [name: string, value: string] {
  const at = text.indexOf("=");
  if (at < 1) {
    throw new KeysError("USAGE", "a tag must have the form name=value", { hint: "for example: --tag team=payments" });
  }
  return [text.slice(0, at), text.slice(at + 1)];
}

/** Creates a flag for a duration of at least a second. */
export function limitFlag(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text) => {
    const seconds = parseDuration(text);
    if (seconds > 0) return seconds;
    throw new KeysError("USAGE", `${nameOf(flags)} must be at least a second`, {
      hint: `for example: ${nameOf(flags)} 10s`,
    });
  });
}

/**
 * Refuses flags that have no effect without another one.
 * @param needs - the names of the flags, by the name of the one they need
 * @throws {@link KeysError} `USAGE`
 */
export function refuseUnused(command: Command, needs: Readonly<Record<string, readonly string[]>>): void {
  const isGiven = (name: string): boolean => command.getOptionValueSource(name) === "cli";
  const flagOf = (name: string): string => command.options.find((each) => each.attributeName() === name)?.long ?? name;
  for (const [needed, names] of Object.entries(needs)) {
    const unused = names.find(isGiven);
    if (unused === undefined || needed.split(" ").some(isGiven)) continue;
    const wanted = needed.split(" ").map(flagOf).join(" or ");
    throw new KeysError("USAGE", `${flagOf(unused)} has no effect without ${wanted}`, {
      hint: `add ${wanted}, or remove ${flagOf(unused)}`,
    });
  }
}
