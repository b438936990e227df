import { Command, Option } from "commander";
import { CLIENT_NAMES, SCANNER_NAMES, type ClientName, type ScannerName } from "../../clients/names.ts";
import { Secret } from "../../core/secret.ts";
import { DEFAULT_PREFIX, parsePrefix } from "../../core/token.ts";
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

interface ExportFlags
  extends KeysetFlags, DestinationFlags, Omit<ClientFlags, "envName" | "for" | "force" | "serverName"> {
  readonly for?: ClientName | ScannerName;
  readonly prefix?: string;
  readonly serverName?: string;
  readonly keyset?: true;
}

/** Flags for tokens and keysets, which the configuration of a client does not contain. */
const NOT_FOR_CLIENT = [
  ...["format", "keyset", "names", "signWith", "base64url", "prefix"],
  ...["out", "merge", "to", "toNewline", "grace"],
];
/** The rule of a scanner needs only the prefix. */
const NOT_FOR_SCANNER = [
  ...NOT_FOR_CLIENT.filter((name) => name !== "prefix"),
  ...["envName", "serverName", "url", "via", "install", "scope", "allowHttp", "force"],
];

export const exportSnippet: CommandModule = {
  examples: [
    "mcp-keys export --format shell < ./ci.key      # export MCP_API_KEY='…'",
    "mcp-keys export --format kubernetes            # the token in MCP_API_KEY",
    "mcp-keys export --keyset > keyset.json         # digests, for a server without a store",
    "mcp-keys export --for claude-code --url https://mcp.example.com/mcp --server-name notes",
    "mcp-keys export --for gitleaks --prefix acme   # a rule that finds leaked tokens",
  ],
  build: (open) =>
    addDestinationFlags(
      new Command("export")
        .description(
          "Writes a token as a snippet for a shell, a file or a platform. Reads it from standard input, else MCP_API_KEY, else " +
            "prompts. With --keyset, writes the digests of these keys (default: all valid keys) for the stores keyset: and env:. " +
            "With --for, writes the configuration of an MCP client, which names the variable with the key and contains no token, " +
            "or the rule of a secret scanner.",
        )
        .argument("[key...]", "names or ids, with --keyset")
        .addOption(formatFlag())
        .option("--env-name <name>", "variable name (default: MCP_API_KEY, or MCP_API_KEYSET)", parseEnvName)
        .option(
          "--server-name <name>",
          "name of the server, with --for (default: its host); of the secret, with --format kubernetes (default: mcp-api-key)",
        )
        .addOption(
          new Option("--for <client>", "write the configuration of this client, or the rule of this scanner").choices([
            ...CLIENT_NAMES,
            ...SCANNER_NAMES,
          ]),
        )
        .option("--prefix <prefix>", "the tokens that the rule of a scanner finds (default: mcp)", parsePrefix)
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
        for: ["url", "via", "install", "scope", "allowHttp", "prefix"],
        install: ["scope"],
      });
      if (flags.for !== undefined) {
        refuseWithFor(command, refs, flags);
        return isScanner(flags.for)
          ? runExportRule(open(), flags.for, flags)
          : runExportClient(open(), flags.for, flags);
      }
      refuseServerName(flags);
      return flags.keyset === true ? runExportKeyset(open(), refs, flags) : runExport(open(), refs, flags);
    }),
};

/** Refuses what the configuration of a client does not contain. */
function refuseWithFor(command: Command, refs: readonly string[], flags: ExportFlags): void {
  const { scope, install } = flags;
  const isRule = flags.for !== undefined && isScanner(flags.for);
  const given = command.options.find(
    (each) =>
      (isRule ? NOT_FOR_SCANNER : NOT_FOR_CLIENT).includes(each.attributeName()) &&
      command.getOptionValueSource(each.attributeName()) === "cli",
  );
  if (given !== undefined || refs.length > 0) {
    const what = given?.long ?? "the name of a key";
    throw new KeysError("USAGE", `${what} has no effect with --for${isRule ? ` ${flags.for}` : ""}`, {
      hint: isRule
        ? "leave it out; a rule needs only --prefix"
        : "leave it out; the configuration names the variable with the key, not the key",
    });
  }
  if (scope === undefined || typeof install !== "string") return;
  throw new KeysError("USAGE", "--scope and --install <file> both choose the file", { hint: "remove one of them" });
}

function isScanner(name: ClientName | ScannerName): name is ScannerName {
  return SCANNER_NAMES.some((scanner) => scanner === name);
}

async function runExportClient(ctx: Context, name: ClientName, flags: ExportFlags): Promise<void> {
  const { runExportFor } = await import("../lazy/clients.ts");
  return runExportFor(ctx, name, { ...flags, for: name });
}

async function runExportRule(ctx: Context, name: ScannerName, { prefix = DEFAULT_PREFIX }: ExportFlags): Promise<void> {
  const { scannerRules } = await import("../lazy/clients.ts");
  const text = scannerRules[name](prefix);
  await (ctx.flags.json ? ctx.io.json({ client: name, text }) : ctx.io.print(text));
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
