import { Command } from "commander";
import { Secret } from "../../core/secret.ts";
import { KeysError } from "../../errors.ts";
import { formats, isFormatName } from "../../formats/index.ts";
import { parseEnvName } from "../../formats/env-name.ts";
import type { CommandModule, Context } from "../context.ts";
import { formatFlag, refuseEnvName } from "../delivery.ts";
import { makeKeyset, type KeysetFlags } from "../export-keyset.ts";
import { readToken } from "../token-source.ts";

interface ExportFlags extends KeysetFlags {
  readonly format?: string;
  readonly envName?: string;
  readonly serverName?: string;
  readonly keyset?: true;
}

export const exportSnippet: CommandModule = {
  examples: [
    "mcp-keys export --format shell < ./ci.key      # export MCP_API_KEY='…'",
    "mcp-keys export --format kubernetes            # the token in MCP_API_KEY",
    "mcp-keys export --keyset > keyset.json         # digests, for a server without a store",
  ],
  build: (open) =>
    new Command("export")
      .summary("write a token as a snippet, or digests for a server without a store")
      .description(
        "Writes a token as a snippet for a shell, a file or a platform. Reads it from standard input, else MCP_API_KEY, else " +
          "prompts. With --keyset, writes the digests of these keys (default: all valid keys) for the stores keyset: and env:.",
      )
      .argument("[key...]", "names or ids, with --keyset")
      .addOption(formatFlag())
      .option("--env-name <name>", "variable name (default: MCP_API_KEY, or MCP_API_KEYSET)", parseEnvName)
      .option("--server-name <name>", "name of the secret, with --format kubernetes (default: mcp-api-key)")
      .option("--keyset", "write digests instead of a token, with scopes, expiry and the ends of overlaps")
      .option("--no-names", "leave the names of the keys out of the keyset")
      .option("--sign-with <file>", "sign the keyset with this Ed25519 private key (PEM)")
      .option("--base64url", "encode the keyset, for a platform that does not allow quotes in a variable")
      .action((refs: string[], flags: ExportFlags) => {
        refuseUnused(flags);
        return flags.keyset === true ? runExportKeyset(open(), refs, flags) : runExport(open(), refs, flags);
      }),
};

/** Refuses flags that would have no effect. */
function refuseUnused(flags: ExportFlags): void {
  refuseEnvName(flags);
  if (flags.serverName === undefined || flags.format === "kubernetes") return;
  throw new KeysError("USAGE", "--server-name is only for --format kubernetes", { hint: "remove it" });
}

async function runExport(ctx: Context, refs: readonly string[], flags: ExportFlags): Promise<void> {
  if (refs.length > 0 || !flags.names || flags.signWith !== undefined || flags.base64url === true) {
    throw new KeysError("USAGE", "keys, --no-names, --sign-with and --base64url need --keyset", {
      hint: "write digests with: mcp-keys export --keyset; a stored key's token cannot be shown again",
    });
  }
  if (ctx.flags.json) {
    throw new KeysError("USAGE", "export prints a token, so --json does not apply", {
      hint: "use --format json to get the token in a JSON document",
    });
  }
  await ctx.io.print(render(flags, "MCP_API_KEY", await readToken(ctx)));
}

/** A keyset is JSON and has its own format version, so `--json` changes nothing. */
async function runExportKeyset(ctx: Context, refs: readonly string[], flags: ExportFlags): Promise<void> {
  const keyset = new Secret(await makeKeyset(ctx, refs, flags));
  await ctx.io.print(render(flags, "MCP_API_KEYSET", keyset));
}

function render({ format = "token", envName, serverName }: ExportFlags, variable: string, token: Secret): string {
  if (!isFormatName(format)) throw new KeysError("BUG", "commander accepted an unknown format");
  return formats[format].render({
    token,
    envName: envName ?? variable,
    ...(serverName !== undefined && { serverName }),
  });
}
