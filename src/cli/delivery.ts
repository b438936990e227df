import { Option, type Command } from "commander";
import { formats, isFormatName } from "../formats/index.ts";
import { parseEnvName } from "../formats/env-name.ts";
import type { Issued } from "../keys/deliver.ts";
import { sinks } from "../sinks/index.ts";
import type { Sink } from "../sinks/sink.ts";
import { KeysError } from "../errors.ts";
import type { Context } from "./context.ts";

/** What `generate` and `rotate` are told of where the token goes. */
export interface DeliveryFlags {
  readonly format?: string;
  readonly envName: string;
  readonly out?: string;
  readonly force?: boolean;
  readonly to?: string;
}

export function addDeliveryFlags(command: Command): Command {
  return command
    .addOption(formatFlag())
    .addOption(envNameFlag())
    .option("--out <file>", "write it to a file only you can read, and print nothing")
    .option("--to <command>", "give it to a command on its standard input, and print nothing");
}

export function formatFlag(): Option {
  return new Option("--format <format>", "how the token is written")
    .choices(Object.keys(formats))
    .default(undefined, "token");
}

export function envNameFlag(): Option {
  return new Option("--env-name <name>", "the variable in snippets").default("MCP_API_KEY").argParser(parseEnvName);
}

/** One place a token goes to, opened before anything is written to the store. */
export interface Delivery {
  /** `file:…` or `command:…`; `null` when the answer on stdout is the delivery. */
  readonly to: string | null;
  deliver(issued: Issued, document: () => Record<string, unknown>): Promise<void>;
}

/**
 * Opens the chosen destination. What was opened and not used is given back at the end of the run.
 * @throws `KeysError` `USAGE` for two destinations, and what the sink throws when it cannot be opened
 */
export async function openDelivery(ctx: Context, flags: DeliveryFlags): Promise<Delivery> {
  const { json } = ctx.flags;
  if (flags.out !== undefined && flags.to !== undefined) {
    throw new KeysError("USAGE", "--out and --to exclude each other", { hint: "one destination at a time" });
  }
  const toStdout = flags.out === undefined && flags.to === undefined;
  if (json && toStdout && flags.format !== undefined) {
    throw new KeysError("USAGE", "--json and --format exclude each other on standard output", {
      hint: "leave one out, or send the snippet elsewhere with --out",
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
  return sinks.stdout((text) => streams.stdout.write(text));
}

function jsonText({ token }: Issued, document: Record<string, unknown>): string {
  return `${JSON.stringify({ schemaVersion: 1, ...document, token: token.reveal() })}\n`;
}

function snippet({ token }: Issued, { format = "token", envName, to }: DeliveryFlags): string {
  // A command that reads a value takes it as it comes: a line break would become part of the secret.
  if (format === "token" && to !== undefined) return token.reveal();
  if (!isFormatName(format)) throw new KeysError("BUG", "commander let an unknown format through");
  return formats[format].render({ token, envName });
}
