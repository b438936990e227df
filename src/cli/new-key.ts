import type { Command } from "commander";
import { parseExpiry } from "../core/duration.ts";
import { parseAudience, parseName, parseScope } from "../core/generate.ts";
import { KeysError } from "../errors.ts";
import type { Context } from "./context.ts";
import { listFlag, tagFlag, tagsOf } from "./flags.ts";

/** The flags for the settings of a new key. */
export interface KeyFlags {
  readonly expires?: string;
  readonly scope?: string[];
  readonly audience?: string[];
  readonly owner?: string;
  readonly note?: string;
  readonly tag?: [name: string, value: string][];
}

export const DEFAULT_EXPIRY = "90d";

/** Adds the flags of `generate` and `import` for the settings of a new key. */
export function addKeyFlags(command: Command): Command {
  return command
    .option("--expires <when>", `90d, 2027-03-01 or never (default: ${DEFAULT_EXPIRY})`)
    .addOption(listFlag("--scope <scope>", "a permission of the key", parseScope))
    .addOption(listFlag("--audience <url>", "a server this key is valid for (default: any)", parseAudience))
    .option("--owner <text>", "person or team responsible for the key")
    .option("--note <text>", "what the key is for")
    .addOption(tagFlag("a tag to find the key by"));
}

/** Returns the settings of a new key from its flags, and from prompts on a terminal. */
export async function readKeySettings(ctx: Context, name: string | undefined, flags: KeyFlags) {
  return {
    ...(await askMissing(ctx, name, flags)),
    audience: flags.audience ?? [],
    ...(flags.owner !== undefined && { owner: flags.owner }),
    ...(flags.note !== undefined && { note: flags.note }),
    tags: tagsOf(flags.tag),
  };
}

/** Warns that a new key is lost at the end of the run. */
export async function warnIfMemory(ctx: Context): Promise<void> {
  const { spec } = await ctx.store();
  if (spec !== "memory:") return;
  ctx.io.warn("memory: keeps nothing after this command, so no server accepts this token; use --store file:<path>");
}

/** Prompts for missing values on a terminal; uses defaults elsewhere. */
async function askMissing(ctx: Context, name: string | undefined, flags: KeyFlags) {
  const now = ctx.world.now();
  if (name !== undefined || !ctx.interactive) {
    return {
      ...(name !== undefined && { name: parseName(name) }),
      expiresAt: parseExpiry(flags.expires ?? DEFAULT_EXPIRY, now),
      scopes: flags.scope ?? [],
    };
  }
  const prompts = await ctx.prompts();
  const answer = await prompts.text({ message: "Name of the key:", initial: "default", check: checked(parseName) });
  const expires =
    flags.expires ??
    (await prompts.text({
      message: "Expires (90d, 2027-03-01 or never):",
      initial: DEFAULT_EXPIRY,
      check: checked((text) => parseExpiry(text, now)),
    }));
  const scopes =
    flags.scope ??
    words(
      await prompts.text({
        message: "Scopes, separated by spaces (optional):",
        initial: "",
        check: checked((text) => words(text).map(parseScope)),
      }),
    );
  return { name: parseName(answer), expiresAt: parseExpiry(expires, now), scopes };
}

function words(text: string): string[] {
  return text.split(/[\s,]+/).filter((word) => word !== "");
}

/** Turns a parser into the check of a prompt, which shows the error and asks again. */
export function checked(parse: (text: string) => unknown): (text: string) => true | string {
  return (text) => {
    try {
      parse(text);
      return true;
    } catch (error) {
      if (error instanceof KeysError) return `${error.message}; ${error.hint}`;
      throw error;
    }
  };
}
