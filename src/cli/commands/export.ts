import { Command } from "commander";
import { endOf, keyStatus } from "../../core/status.ts";
import type { Epoch, Key } from "../../core/key.ts";
import { Secret } from "../../core/secret.ts";
import { isUsable } from "../../core/version.ts";
import { KeysError } from "../../errors.ts";
import { formats, isFormatName } from "../../formats/index.ts";
import { parseEnvName } from "../../formats/env-name.ts";
import type { CommandModule, Context } from "../context.ts";
import { formatFlag } from "../delivery.ts";
import { readToken } from "../token-source.ts";

interface ExportFlags {
  readonly format?: string;
  readonly envName?: string;
  readonly url?: string;
  readonly serverName?: string;
  readonly hashes?: true | string[];
}

export const exportSnippet: CommandModule = {
  examples: [
    "mcp-keys export --format shell < ./ci.key      # export MCP_API_KEY='…'",
    "mcp-keys export --format kubernetes            # takes MCP_API_KEY",
    "mcp-keys export --hashes ci                    # for a server without a store",
  ],
  build: (open) =>
    new Command("export")
      .summary("a token as a snippet, or digests for a server without a store")
      .description(
        "Writes a token as a snippet for a shell, a file or a platform. Takes it from standard input, else MCP_API_KEY, else asks. " +
          "With --hashes: the digests of the keys named (all that work, without a name), for MCP_API_KEY_HASHES.",
      )
      .addOption(formatFlag())
      .option("--env-name <name>", "the variable (default: MCP_API_KEY, or MCP_API_KEY_HASHES)", parseEnvName)
      .option("--url <url>", "the server, for snippets that name it")
      .option("--server-name <name>", "what to call the server there")
      .option("--hashes [key...]", "digests instead of a token; each with its end, where it has one")
      .action((flags: ExportFlags) =>
        flags.hashes === undefined ? runExport(open(), flags) : runHashes(open(), flags),
      ),
};

async function runExport(ctx: Context, flags: ExportFlags): Promise<void> {
  if (ctx.flags.json) {
    throw new KeysError("USAGE", "--json is not for tokens", {
      hint: "use --format json for a document with the token",
    });
  }
  await ctx.io.answer(render(flags, "MCP_API_KEY", await readToken(ctx)));
}

async function runHashes(ctx: Context, flags: ExportFlags): Promise<void> {
  const keys = await ctx.keys();
  const refs = flags.hashes === true ? [] : (flags.hashes ?? []);
  const chosen = refs.length === 0 ? await keys.list() : await Promise.all(refs.map((ref) => keys.get(ref)));
  const now = ctx.world.now();
  const entries = chosen.flatMap((key) => digestEntries(key, now));
  if (entries.length === 0) {
    throw new KeysError("KEY_NOT_ACTIVE", "no version of these keys works", { hint: "see why with: mcp-keys list" });
  }
  const dead = chosen.filter((key) => refs.length > 0 && digestEntries(key, now).length === 0);
  for (const key of dead) ctx.io.warn(`${key.name} is left out: it is ${keyStatus(key, now)}`);
  if (entries.some((entry) => entry.startsWith("hmac-"))) ctx.io.note("the server needs the same MCP_KEYS_PEPPER");
  if (ctx.flags.json) await ctx.io.json({ hashes: entries });
  else await ctx.io.answer(render(flags, "MCP_API_KEY_HASHES", new Secret(entries.join(","))));
}

/** `<digest>`, or `<digest>@<epoch seconds>` where the version ends by itself: a server without a store must know. */
function digestEntries(key: Key, now: Epoch): string[] {
  if (!key.enabled) return [];
  return key.versions
    .filter((version) => isUsable(version, now))
    .map((version) => (endOf(version) === Infinity ? version.digest : `${version.digest}@${String(endOf(version))}`));
}

function render({ format = "token", envName, url, serverName }: ExportFlags, variable: string, token: Secret): string {
  if (!isFormatName(format)) throw new KeysError("BUG", "commander let an unknown format through");
  return formats[format].render({
    token,
    envName: envName ?? variable,
    ...(url !== undefined && { url }),
    ...(serverName !== undefined && { serverName }),
  });
}
