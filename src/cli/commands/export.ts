import { Command } from "commander";
import { endOf, isUsable } from "../../core/judge.ts";
import { keyStatus } from "../../core/status.ts";
import type { Epoch, Key } from "../../core/key.ts";
import { Secret } from "../../core/secret.ts";
import { KeysError } from "../../errors.ts";
import { formats, isFormatName } from "../../formats/index.ts";
import { parseEnvName } from "../../formats/env-name.ts";
import type { CommandModule, Context } from "../context.ts";
import { listFlag } from "../flags.ts";
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
    "mcp-keys export --format kubernetes            # the token in MCP_API_KEY",
    "mcp-keys export --hashes ci                    # digests, for a server without a store",
  ],
  build: (open) =>
    new Command("export")
      .summary("write a token as a snippet, or digests for a server without a store")
      .description(
        "Writes a token as a snippet for a shell, a file or a platform. Reads it from standard input, else MCP_API_KEY, else " +
          "prompts. With --hashes, writes the digests of these keys (default: all valid keys) for MCP_API_KEY_HASHES.",
      )
      .addOption(formatFlag())
      .option("--env-name <name>", "variable name (default: MCP_API_KEY, or MCP_API_KEY_HASHES)", parseEnvName)
      .option("--url <url>", "server URL, for snippets that contain it")
      .option("--server-name <name>", "server name, for snippets that contain it")
      .addOption(listFlag("--hashes [key]", "write digests instead of a token, with expiry times", (ref) => ref))
      .action((flags: ExportFlags) =>
        flags.hashes === undefined ? runExport(open(), flags) : runExportHashes(open(), flags),
      ),
};

async function runExport(ctx: Context, flags: ExportFlags): Promise<void> {
  if (ctx.flags.json) {
    throw new KeysError("USAGE", "export prints a token, so --json does not apply", {
      hint: "use --format json to get the token in a JSON document",
    });
  }
  await ctx.io.print(render(flags, "MCP_API_KEY", await readToken(ctx)));
}

async function runExportHashes(ctx: Context, flags: ExportFlags): Promise<void> {
  const keys = await ctx.keys();
  const refs = flags.hashes === true ? [] : (flags.hashes ?? []);
  const chosen = refs.length === 0 ? await keys.list() : await Promise.all(refs.map((ref) => keys.get(ref)));
  const now = ctx.world.now();
  const entries = chosen.flatMap((key) => digestEntries(key, now));
  if (entries.length === 0) {
    throw new KeysError("KEY_NOT_ACTIVE", "none of these keys is valid", { hint: "see why with: mcp-keys list" });
  }
  const invalid = chosen.filter((key) => refs.length > 0 && digestEntries(key, now).length === 0);
  for (const key of invalid) ctx.io.warn(`skipped ${key.name}: it is ${keyStatus(key, now)}`);
  if (entries.some((entry) => entry.startsWith("hmac-"))) ctx.io.note("the server must have the same MCP_KEYS_PEPPER");
  if (ctx.flags.json) await ctx.io.json({ hashes: entries });
  else await ctx.io.print(render(flags, "MCP_API_KEY_HASHES", new Secret(entries.join(","))));
}

/** Returns `<digest>`, or `<digest>@<epoch seconds>` if the version expires: a server without a store cannot look that up. */
function digestEntries(key: Key, now: Epoch): string[] {
  if (!key.enabled) return [];
  return key.versions
    .filter((version) => isUsable(version, now))
    .map((version) => (endOf(version) === Infinity ? version.digest : `${version.digest}@${String(endOf(version))}`));
}

function render({ format = "token", envName, url, serverName }: ExportFlags, variable: string, token: Secret): string {
  if (!isFormatName(format)) throw new KeysError("BUG", "commander accepted an unknown format");
  return formats[format].render({
    token,
    envName: envName ?? variable,
    ...(url !== undefined && { url }),
    ...(serverName !== undefined && { serverName }),
  });
}
