import { Option, type Command } from "commander";
import { formats, isFormatName } from "../formats/index.ts";
import { parseEnvName } from "../formats/env-name.ts";
import type { Issued } from "../keys/deliver.ts";
import { sinks } from "../sinks/index.ts";
import type { Sink } from "../sinks/sink.ts";
import { KeysError } from "../errors.ts";
import type { Context } from "./context.ts";

/** The flags of `generate` and `rotate` for the destination of the token. */
export interface DeliveryFlags {
  readonly format?: string;
  readonly envName: string;
  readonly out?: string;
  readonly force?: boolean;
  readonly to?: string;
}

/** Adds `--format`, `--env-name`, `--out` and `--to`. */
export function addDeliveryFlags(command: Command): Command {
  return command
    .addOption(formatFlag())
    .addOption(envNameFlag())
    .option("--out <file>", "write the token to a file that only you can read; print nothing")
    .option("--to <command>", "pass the token to a command on its standard input; print nothing");
}

/** Creates the `--format` flag. */
export function formatFlag(): Option {
  return new Option("--format <format>", "how to write the token (default: token)")
    .choices(Object.keys(formats))
    .default(undefined, "token");
}

function envNameFlag(): Option {
  return new Option("--env-name <name>", "variable name in snippets").default("MCP_API_KEY").argParser(parseEnvName);
}

/** A destination for the token, opened before the store is changed. */
export interface Delivery {
  /** `file:…` or `command:…`; `null` when the token goes to stdout. */
  readonly to: string | null;
  deliver(issued: Issued, document: () => Record<string, unknown>): Promise<void>;
}

/**
 * Opens the destination that the flags choose. A destination that is not used is discarded at the end of the run.
 * @throws `KeysError` `USAGE` for two destinations, and what the sink throws when it cannot be opened
 */
export async function openDelivery(ctx: Context, flags: DeliveryFlags): Promise<Delivery> {
  const { json } = ctx.flags;
  if (flags.out !== undefined && flags.to !== undefined) {
    throw new KeysError("USAGE", "--out and --to cannot be used together", { hint: "choose one destination" });
  }
  const toStdout = flags.out === undefined && flags.to === undefined;
  if (json && toStdout && flags.format !== undefined) {
    throw new KeysError("USAGE", "--json and --format cannot both write to standard output", {
      hint: "remove one of them, or write the snippet to a file with --out",
    });
  }
  const sink = await openSink(ctx, flags);
  ctx.atEnd(() => sink.discard());
  return {
    to: toStdout ? null : sink.to,
    deliver: async (issued, document) => {
      const text = json && toStdout ? jsonText(issued, document()) : snippet(issued, flags);
      await sink.deliver(text);
    },
  };
}

function openSink(ctx: Context, { out, to, force = false }: DeliveryFlags): Promise<Sink> {
  const { env, streams, interrupted } = ctx.world;
  if (out !== undefined) return sinks.file(out, { force, uid: ctx.world.uid });
  if (to !== undefined) return sinks.command(to, { env, signal: interrupted, terminal: ctx.interactive });
  return sinks.stdout(streams.stdout);
}

function jsonText({ token }: Issued, document: Record<string, unknown>): string {
  return `${JSON.stringify({ schemaVersion: 1, ...document, token: token.reveal() })}\n`;
}

function snippet({ token }: Issued, { format = "token", envName, to }: DeliveryFlags): string {
  // Commands store what they read: a line break would become part of the secret.
  if (format === "token" && to !== undefined) return token.reveal();
  if (!isFormatName(format)) throw new KeysError("BUG", "commander accepted an unknown format");
  return formats[format].render({ token, envName });
}
