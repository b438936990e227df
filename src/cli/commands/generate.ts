import { Command } from "commander";
import { parseExpiry } from "../../core/duration.ts";
import { parseAudience, parseName, parseScope } from "../../core/generate.ts";
import { KeysError } from "../../errors.ts";
import type { CommandModule, Context } from "../context.ts";
import { addDeliveryFlags, describeDelivery, openDelivery } from "../delivery.ts";
import { DESTINATION_NEEDS, type DestinationFlags } from "../destinations.ts";
import { expiryText, warnIfShort } from "../expiry.ts";
import { keyJson, versionJson } from "../json.ts";
import { keyLabel } from "../terminal/render.ts";
import { listFlag, refuseUnused, tagFlag, tagsOf } from "../flags.ts";

interface GenerateFlags extends DestinationFlags {
  readonly expires?: string;
  readonly prefix: string;
  readonly scope?: string[];
  readonly audience?: string[];
  readonly owner?: string;
  readonly note?: string;
  readonly tag?: [name: string, value: string][];
  readonly replace?: boolean;
}

const DEFAULT_EXPIRY = "90d";

export const generate: CommandModule = {
  examples: [
    "mcp-keys generate ci                                     # valid for 90 days; prints the token",
    "mcp-keys generate ci --out ./ci.key --expires 30d        # to a file that only you can read",
    "mcp-keys generate reader --scope notes:read --format shell",
  ],
  build: (open) =>
    addDeliveryFlags(
      new Command("generate")
        .summary("issue a key and print its token")
        .description(
          "Issues a key and prints its token. The token is shown only once: the store keeps its digest. " +
            "If delivery failed, run the same command again.",
        )
        .argument("[name]", "name of the key, for example ci (default: `default`)")
        .option("--expires <when>", `90d, 2027-03-01 or never (default: ${DEFAULT_EXPIRY})`)
        .option("--prefix <prefix>", "start of the token", "mcp")
        .addOption(listFlag("--scope <scope>", "a permission of the key", parseScope))
        .addOption(listFlag("--audience <url>", "a server this key is valid for (default: any)", parseAudience))
        .option("--owner <text>", "person or team responsible for the key")
        .option("--note <text>", "what the key is for")
        .addOption(tagFlag("a tag to find the key by"))
        .option("--replace", "take over the name of a revoked key")
        .option("--force", "replace an existing --out file"),
    ).action((name: string | undefined, flags: GenerateFlags, command: Command) => {
      refuseUnused(command, DESTINATION_NEEDS);
      return runGenerate(open(), name, flags);
    }),
};

async function runGenerate(ctx: Context, given: string | undefined, flags: GenerateFlags): Promise<void> {
  const { io, world } = ctx;
  const answers = await askMissing(ctx, given, flags);
  const input = {
    ...answers,
    prefix: flags.prefix,
    audience: flags.audience ?? [],
    ...(flags.owner !== undefined && { owner: flags.owner }),
    ...(flags.note !== undefined && { note: flags.note }),
    tags: tagsOf(flags.tag),
    replace: flags.replace === true,
  };
  const keys = await ctx.keys();
  const delivery = await openDelivery(ctx, flags);
  const { key, version } = await keys.generate({
    ...input,
    deliver: (issued) =>
      delivery.deliver(issued, () => ({
        key: keyJson(issued.key, world.now()),
        version: versionJson(issued.version, world.now()),
      })),
  });
  if (delivery.to !== null && ctx.flags.json) {
    await io.json({
      key: keyJson(key, world.now()),
      version: versionJson(version, world.now()),
      delivered: delivery.to,
    });
  }
  io.note(`issued ${keyLabel(key)}; ${expiryText(version.expiresAt, world.now())}; ${describeDelivery(delivery)}`);
  const { spec } = await ctx.store();
  if (spec === "memory:") {
    io.warn("memory: keeps nothing after this command, so no server accepts this token; use --store file:<path>");
  }
  warnIfShort(io, key.name, version.expiresAt, world.now());
  io.next(`mcp-keys verify https://your-server/mcp`);
}

/** Prompts for missing values on a terminal; uses defaults elsewhere. */
async function askMissing(ctx: Context, name: string | undefined, flags: GenerateFlags) {
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
function checked(parse: (text: string) => unknown): (text: string) => true | string {
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
