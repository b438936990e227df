import { Command } from "commander";
import { Secret } from "../../core/secret.ts";
import { KeysError } from "../../errors.ts";
import { parseEnvName } from "../../formats/env-name.ts";
import type { CommandModule, Context } from "../context.ts";
import { formatFlag } from "../delivery.ts";
import {
  addDestinationFlags,
  DESTINATION_NEEDS,
  openDestinations,
  renderSnippet,
  type Content,
  type DestinationFlags,
} from "../destinations.ts";
import { openKeyset, type KeysetFlags } from "../export-keyset.ts";
import { refuseUnused } from "../flags.ts";
import { readToken } from "../token-source.ts";

interface ExportFlags extends KeysetFlags, DestinationFlags {
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
    addDestinationFlags(
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
        .option("--force", "replace an existing --out file"),
    ).action((refs: string[], flags: ExportFlags, command: Command) => {
      refuseUnused(command, { ...DESTINATION_NEEDS, out: ["force"] });
      refuseServerName(flags);
      return flags.keyset === true ? runExportKeyset(open(), refs, flags) : runExport(open(), refs, flags);
    }),
};

/** Refuses a name that the format does not contain. */
function refuseServerName(flags: ExportFlags): void {
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
  const content = { variable: "MCP_API_KEY", serverName: flags.serverName, isPublic: false };
  await write(ctx, flags, content, () => readToken(ctx));
}

/** A keyset is JSON and has its own format version, so `--json` changes nothing. */
async function runExportKeyset(ctx: Context, refs: readonly string[], flags: ExportFlags): Promise<void> {
  const content = { variable: "MCP_API_KEYSET", serverName: flags.serverName, isPublic: true };
  const make = await openKeyset(ctx, refs, flags);
  await write(ctx, flags, content, async () => new Secret((await make()).text));
}

/** Opens the destinations, then makes the text. */
async function write(ctx: Context, flags: ExportFlags, content: Content, make: () => Promise<Secret>): Promise<void> {
  const destinations = await openDestinations(ctx, flags, content);
  const secret = await make();
  if (destinations === null) return ctx.io.print(renderSnippet(secret, flags, content));
  await destinations.deliver(secret);
  ctx.io.note(`delivered the ${content.isPublic ? "keyset" : "token"} to ${destinations.to.join(" and ")}`);
}
