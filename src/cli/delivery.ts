import { Option, type Command } from "commander";
import { formatDuration, parseDuration } from "../core/duration.ts";
import { Secret } from "../core/secret.ts";
import { formats, isFormatName } from "../formats/index.ts";
import { parseEnvName } from "../formats/env-name.ts";
import { mergeDotenv } from "../formats/merge-dotenv.ts";
import type { Issued } from "../keys/deliver.ts";
import { sinks } from "../sinks/index.ts";
import type { Sink } from "../sinks/sink.ts";
import { KeysError } from "../errors.ts";
import type { Context } from "./context.ts";

/** The flags of `generate` and `rotate` for the destination of the token. */
export interface DeliveryFlags {
  readonly format?: string;
  readonly envName?: string;
  readonly out?: string;
  readonly force?: boolean;
  readonly merge?: true;
  readonly to?: string;
  readonly grace: number;
}

/** Seconds that an interrupted `--to` command has by default. */
const DEFAULT_GRACE = 10;
/** Milliseconds to end a command after its grace, and to note in the store what became of the token. */
const ENDING = 4_000;

/** Adds `--format`, `--env-name`, `--out`, `--merge`, `--to` and `--grace`. */
export function addDeliveryFlags(command: Command): Command {
  return command
    .addOption(formatFlag())
    .addOption(envNameFlag())
    .option("--out <file>", "write the token to a file that only you can read; print nothing")
    .option("--merge", "set the variable in an existing --out file, with --format dotenv; keep every other byte")
    .option("--to <command>", "pass the token to a command on its standard input; print nothing")
    .addOption(
      new Option("--grace <duration>", "how long a --to command that already has the token may finish after Ctrl-C")
        .default(DEFAULT_GRACE, formatDuration(DEFAULT_GRACE))
        .argParser(parseDuration),
    );
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
  refuseEnvName(flags);
  refuseMerge(flags);
  const toStdout = flags.out === undefined && flags.to === undefined;
  if (json && toStdout && flags.format !== undefined) {
    throw new KeysError("USAGE", "--json and --format cannot both write to standard output", {
      hint: "remove one of them, or write the snippet to a file with --out",
    });
  }
  const sink = await openSink(ctx, flags);
  ctx.atEnd(() => sink.discard(), flags.to === undefined ? undefined : flags.grace * 1000 + ENDING);
  return {
    to: toStdout ? null : sink.to,
    deliver: async (issued, document) => {
      const text = json && toStdout ? jsonText(issued, document()) : snippet(issued, flags);
      await sink.deliver(text);
      // The version stays pending, so both tokens work until the next run.
      if (ctx.world.interrupted.aborted) throw new KeysError("INTERRUPTED", "interrupted after the delivery");
    },
  };
}

/** Refuses a variable name for a format that does not contain one. @throws {@link KeysError} `USAGE` */
export function refuseEnvName({ format = "token", envName }: Pick<DeliveryFlags, "format" | "envName">): void {
  if (format !== "token" || envName === undefined) return;
  throw new KeysError("USAGE", "--env-name has no effect on a bare token", {
    hint: "add a --format with a variable, such as shell, or remove --env-name",
  });
}

/** Refuses `--merge` for anything but a `.env` file. @throws {@link KeysError} `USAGE` */
function refuseMerge({ merge, out, format }: DeliveryFlags): void {
  if (merge === undefined || (out !== undefined && format === "dotenv")) return;
  throw new KeysError("USAGE", "--merge needs --out and --format dotenv", {
    hint: "for example: --out .env --format dotenv --merge",
  });
}

function openSink(ctx: Context, flags: DeliveryFlags): Promise<Sink> {
  const { out, to, grace, merge, force = false } = flags;
  const { env, streams, interrupted, uid } = ctx.world;
  if (out !== undefined && merge === true) {
    return sinks.merge(out, { edit: editorOf(out, flags), uid, warn: (line) => ctx.io.warn(line) });
  }
  if (out !== undefined) return sinks.file(out, { force, uid });
  if (to !== undefined) {
    const notify = (line: string) => ctx.io.note(line);
    return sinks.command(to, { env, signal: interrupted, terminal: ctx.interactive, grace, notify });
  }
  return sinks.stdout(streams.stdout);
}

function jsonText({ token }: Issued, document: Record<string, unknown>): string {
  return `${JSON.stringify({ schemaVersion: 1, ...document, token: token.reveal() })}\n`;
}

/** Returns the edit that sets the variable in a `.env` file. */
function editorOf(
  source: string,
  { envName = "MCP_API_KEY" }: DeliveryFlags,
): (before: string, text: string) => string {
  return (before, text) => mergeDotenv(before, { envName, token: new Secret(text), source });
}

function snippet({ token }: Issued, { format = "token", envName = "MCP_API_KEY", to, merge }: DeliveryFlags): string {
  if (merge === true) return token.reveal();
  // Commands store what they read: a line break would become part of the secret.
  if (format === "token" && to !== undefined) return token.reveal();
  if (!isFormatName(format)) throw new KeysError("BUG", "commander accepted an unknown format");
  return formats[format].render({ token, envName });
}
