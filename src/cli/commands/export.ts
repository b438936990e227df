import { Command, Option } from "commander";
import { CLIENT_NAMES } from "../../clients/names.ts";
import { Secret } from "../../core/secret.ts";
import { KeysError } from "../../errors.ts";
import { parseEnvName } from "../../formats/env-name.ts";
import type { ClientFlags } from "../client-config.ts";
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

interface ExportFlags extends KeysetFlags, DestinationFlags, Omit<ClientFlags, "envName" | "force" | "serverName"> {
  readonly serverName?: string;
  readonly keyset?: true;
}

/** Flags for tokens and keysets, which the configuration of a client does not contain. */
const NOT_FOR = [
  ...["format", "keyset", "names", "signWith", "base64url"],
  ...["out", "merge", "to", "toNewline", "grace"],
] as const;

export const exportSnippet: CommandModule = {
  examples: [
    "mcp-keys export --format shell < ./ci.key      # export MCP_API_KEY='…'",
    "mcp-keys export --format kubernetes            # the token in MCP_API_KEY",
    "mcp-keys export --keyset > keyset.json         # digests, for a server without a store",
    "mcp-keys export --for claude-code --url https://mcp.example.com/mcp --server-name notes",
  ],
  build: (open) =>
    addDestinationFlags(
      new Command("export")
        .summary("write a token as a snippet, digests for a server without a store, or a client's configuration")
        .description(
          "Writes a token as a snippet for a shell, a file or a platform. Reads it from standard input, else MCP_API_KEY, else " +
            "prompts. With --keyset, writes the digests of these keys (default: all valid keys) for the stores keyset: and env:. " +
            "With --for, writes the configuration of an MCP client, which names the variable with the key and contains no token.",
        )
        .argument("[key...]", "names or ids, with --keyset")
        .addOption(formatFlag())
        .option("--env-name <name>", "variable name (default: MCP_API_KEY, or MCP_API_KEYSET)", parseEnvName)
        .option(
          "--server-name <name>",
          "name of the server, with --for (default: its host); of the secret, with --format kubernetes (default: mcp-api-key)",
        )
        .addOption(new Option("--for <client>", "write the configuration of this client").choices(CLIENT_NAMES))
        .option("--url <url>", "URL of the server, with --for")
        .addOption(
          new Option("--via <way>", "how the client sends the key (default: header)")
            .choices(["header"])
            .default(undefined, "header"),
        )
        .option("--install [file]", "add it to this file, or to the one that the client reads; keep every other byte")
        .addOption(
          new Option("--scope <scope>", "whose file --install changes (default: user)")
            .choices(["project", "user"])
            .default(undefined, "user"),
        )
        .option("--allow-http", "accept a URL with plain http beyond this machine")
        .option("--keyset", "write digests instead of a token, with scopes, expiry and the ends of overlaps")
        .option("--no-names", "leave the names of the keys out of the keyset")
        .option("--sign-with <file>", "sign the keyset with this Ed25519 private key (PEM)")
        .option("--base64url", "encode the keyset, for a platform that does not allow quotes in a variable")
        .option("--force", "replace an existing --out file, or a different entry of that name with --install"),
      "a file that only you can read (a keyset: everyone)",
    ).action(async (refs: string[], flags: ExportFlags, command: Command) => {
      refuseUnused(command, {
        ...DESTINATION_NEEDS,
        "out install": ["force"],
        for: ["url", "via", "install", "scope", "allowHttp"],
        install: ["scope"],
      });
      if (flags.for !== undefined) {
        refuseWithFor(command, refs, flags);
        const { runExportFor } = await import("../lazy/clients.ts");
        return runExportFor(open(), flags.for, flags);
      }
      refuseServerName(flags);
      return flags.keyset === true ? runExportKeyset(open(), refs, flags) : runExport(open(), refs, flags);
    }),
};

/** Refuses what the configuration of a client does not contain. */
function refuseWithFor(command: Command, refs: readonly string[], { scope, install }: ExportFlags): void {
  const given = command.options.find(
    (each) =>
      NOT_FOR.some((name) => name === each.attributeName()) &&
      command.getOptionValueSource(each.attributeName()) === "cli",
  );
  if (given !== undefined || refs.length > 0) {
    const what = given?.long ?? "the name of a key";
    throw new KeysError("USAGE", `${what} has no effect with --for`, {
      hint: "leave it out; the configuration names the variable with the key, not the key",
    });
  }
  if (scope === undefined || typeof install !== "string") return;
  throw new KeysError("USAGE", "--scope and --install <file> both choose the file", { hint: "remove one of them" });
}

/** Refuses a name that the format does not contain. */
function refuseServerName(flags: ExportFlags): void {
  if (flags.serverName === undefined || flags.format === "kubernetes") return;
  throw new KeysError("USAGE", "--server-name is only for --format kubernetes and --for", {
    hint: "remove it, or add --for <client>",
  });
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
