import { Option, type Command } from "commander";
import { KeysError } from "../errors.ts";
import { parseEnvName } from "../formats/env-name.ts";
import { formats } from "../formats/index.ts";
import type { Issued } from "../keys/deliver.ts";
import { sinks } from "../sinks/index.ts";
import type { Variables } from "../sinks/sink.ts";
import type { Context } from "./context.ts";
import {
  addDestinationFlags,
  openDestinations,
  renderSnippet,
  type Content,
  type DestinationFlags,
} from "./destinations.ts";

const TOKEN: Content = { variable: "MCP_API_KEY", isPublic: false };

/** Adds the flags of `generate` and `rotate` for the destination of the token. */
export function addDeliveryFlags(command: Command): Command {
  return addDestinationFlags(command.addOption(formatFlag()).addOption(envNameFlag()));
}

/** Creates the `--format` flag. */
export function formatFlag(): Option {
  return new Option("--format <format>", "how to write the token (default: token)")
    .choices(Object.keys(formats))
    .default(undefined, "token");
}

function envNameFlag(): Option {
  return new Option("--env-name <name>", "variable name in snippets (default: MCP_API_KEY)")
    .default(undefined, "MCP_API_KEY")
    .argParser(parseEnvName);
}

/** The destination of a new token, opened before the store is changed. */
export interface Delivery {
  /** `file:…` and `command:…`; `null` when the token goes to stdout. */
  readonly to: readonly string[] | null;
  deliver(issued: Issued, document: () => Record<string, unknown>): Promise<void>;
}

/**
 * Opens the destinations that the flags choose, or stdout.
 * @throws `KeysError` `USAGE`, and what a sink throws when it cannot be opened
 */
export async function openDelivery(ctx: Context, flags: DestinationFlags): Promise<Delivery> {
  const destinations = await openDestinations(ctx, flags, TOKEN);
  if (destinations === null) return openStdout(ctx, flags);
  return { to: destinations.to, deliver: (issued) => destinations.deliver(issued.token, variablesOf(issued)) };
}

/** Returns the variables that tell a command which token it handles. Names and ids need no quotes in any shell. */
export function variablesOf({ key, version }: Pick<Issued, "key" | "version">): Variables {
  return { MCP_KEYS_KEY: key.name, MCP_KEYS_KEY_ID: key.id, MCP_KEYS_VERSION: String(version.n) };
}

async function openStdout(ctx: Context, flags: DestinationFlags): Promise<Delivery> {
  const { json } = ctx.flags;
  if (json && flags.format !== undefined) {
    throw new KeysError("USAGE", "--json and --format cannot both write to standard output", {
      hint: "remove one of them, or write the snippet to a file with --out",
    });
  }
  const sink = await sinks.stdout(ctx.world.streams.stdout);
  ctx.atEnd(() => sink.discard());
  return {
    to: null,
    deliver: async (issued, document) => {
      await sink.deliver(json ? jsonText(issued, document()) : renderSnippet(issued.token, flags, TOKEN));
      // The version stays pending, so both tokens work until the next run.
      if (ctx.world.interrupted.aborted) throw new KeysError("INTERRUPTED", "interrupted after the delivery");
    },
  };
}

/** Says where the token went. */
export function describeDelivery({ to }: Delivery): string {
  return to === null ? "the token is shown only once" : `delivered the token to ${to.join(" and ")}`;
}

function jsonText({ token }: Issued, document: Record<string, unknown>): string {
  return `${JSON.stringify({ schemaVersion: 1, ...document, token: token.reveal() })}\n`;
}
