import { Option, type Command } from "commander";
import { formatDuration, parseDuration } from "../core/duration.ts";
import { Secret } from "../core/secret.ts";
import { KeysError } from "../errors.ts";
import { formats, isFormatName } from "../formats/index.ts";
import { mergeDotenv } from "../formats/merge-dotenv.ts";
import { sinks } from "../sinks/index.ts";
import { deliverInOrder, type Sink, type Variables } from "../sinks/sink.ts";
import type { Context } from "./context.ts";
import { commandFlag } from "./flags.ts";

/** The flags for what is written and where it goes. */
export interface DestinationFlags {
  readonly format?: string;
  readonly envName?: string;
  readonly out?: string;
  readonly force?: boolean;
  readonly merge?: true;
  readonly to?: readonly string[];
  readonly toNewline?: true;
  readonly grace: number;
  /** Whether to check the destinations and change nothing. */
  readonly plan?: boolean;
}

/** What is delivered. */
export interface Content {
  /** The default name of the variable. */
  readonly variable: string;
  /** The name of the secret, for `--format kubernetes`. */
  readonly serverName?: string | undefined;
  /** Whether everyone may read it: a keyset. */
  readonly isPublic: boolean;
}

/** The destinations of `--out` and `--to`, opened in that order. */
export interface Destinations {
  /** `file:…` and `command:…`. */
  readonly to: readonly string[];
  /** Delivers to one after the other; commands get the variables. @throws `KeysError` as `deliverInOrder` does; `INTERRUPTED` */
  deliver(secret: Secret, variables?: Variables): Promise<void>;
}

/** Seconds that an interrupted `--to` command has by default. */
const DEFAULT_GRACE = 10;
/** Milliseconds to end a command after its grace, and to note in the store what became of the token. */
export const ENDING = 4_000;

/** Adds `--out`, `--merge`, `--to`, `--to-newline` and `--grace`. */
export function addDestinationFlags(command: Command, file = "a file that only you can read"): Command {
  return command
    .option("--out <file>", `write to ${file}; print nothing`)
    .option("--merge", "set the variable in an existing --out file, with --format dotenv; keep every other byte")
    .addOption(
      commandFlag(
        "--to <command>",
        "pass the token to a command on its standard input; repeatable, in order, after --out",
      ),
    )
    .option("--to-newline", "end the input of a --to command with a newline, if it reads a line")
    .addOption(
      new Option("--grace <duration>", "how long a --to command that already has the token may finish after Ctrl-C")
        .default(DEFAULT_GRACE, formatDuration(DEFAULT_GRACE))
        .argParser(parseDuration),
    );
}

/** What the flags of {@link addDestinationFlags} need, for `refuseUnused`. */
export const DESTINATION_NEEDS = { to: ["toNewline", "grace"] } as const;

/**
 * Opens the destinations that the flags choose. Those that are not used are discarded at the end of the run.
 * @returns `null` if there are none: the text goes to stdout
 * @throws {@link KeysError} `USAGE`, and what a sink throws when it cannot be opened
 */
export async function openDestinations(
  ctx: Context,
  flags: DestinationFlags,
  content: Content,
): Promise<Destinations | null> {
  refuseUseless(flags);
  const { out, to = [], grace } = flags;
  const opened: { sink: Sink; render: (secret: Secret) => string }[] = [];
  const add = (sink: Sink, limit: number | undefined, render: (secret: Secret) => string): void => {
    ctx.atEnd(() => sink.discard(), limit);
    opened.push({ sink, render });
  };
  if (out !== undefined) {
    const render = (secret: Secret): string => {
      const snippet = renderSnippet(secret, flags, content);
      return flags.merge === true ? secret.reveal() : snippet;
    };
    add(await openFile(ctx, out, flags, content), undefined, render);
  }
  for (const command of to) {
    const sink = await openCommand(ctx, command, flags, content);
    add(sink, grace * 1000 + ENDING, (secret) => renderInput(secret, flags, content));
  }
  if (opened.length === 0) return null;
  return {
    to: opened.map(({ sink }) => sink.to),
    deliver: async (secret, variables) => {
      await deliverInOrder(opened.map(({ sink, render }) => ({ sink, text: render(secret), variables }))).catch(
        (error: unknown) => {
          // The run itself only says that it was interrupted.
          const isPartial = error instanceof KeysError && opened.length > 1 && ctx.world.interrupted.aborted;
          if (isPartial) ctx.io.note(error.message);
          throw error;
        },
      );
      // A version stays pending, so both tokens work until the next run.
      if (ctx.world.interrupted.aborted) throw new KeysError("INTERRUPTED", "interrupted after the delivery");
    },
  };
}

/** Refuses flags that would have no effect. @throws {@link KeysError} `USAGE` */
function refuseUseless({ format = "token", envName, merge, out }: Partial<DestinationFlags>): void {
  if (format === "token" && envName !== undefined) {
    throw new KeysError("USAGE", "--env-name has no effect on a bare token", {
      hint: "add a --format with a variable, such as shell, or remove --env-name",
    });
  }
  if (merge === true && (out === undefined || format !== "dotenv")) {
    throw new KeysError("USAGE", "--merge needs --out and --format dotenv", {
      hint: "for example: --out .env --format dotenv --merge",
    });
  }
}

function openFile(ctx: Context, out: string, flags: DestinationFlags, content: Content): Promise<Sink> {
  const { uid } = ctx.world;
  const { merge, force = false, envName = content.variable, plan: dryRun = false } = flags;
  if (merge !== true) return sinks.file(out, { force, uid, isPublic: content.isPublic, dryRun });
  return sinks.merge(out, {
    edit: (before, text) => mergeDotenv(before, { envName, token: new Secret(text), source: out }),
    uid,
    dryRun,
    warn: (line) => ctx.io.warn(line),
  });
}

function openCommand(ctx: Context, command: string, { grace }: DestinationFlags, content: Content): Promise<Sink> {
  const { env, interrupted: signal } = ctx.world;
  const notify = (line: string): void => ctx.io.note(line);
  return sinks.command(command, {
    env,
    signal,
    terminal: ctx.interactive,
    grace,
    notify,
    input: content.isPublic ? "keyset" : "token",
  });
}

/**
 * Returns the input of a command. Next to `--out`, the format is that of the file. Commands store what they read, so a bare token has
 * no line break: it would become part of the secret.
 */
function renderInput(secret: Secret, flags: DestinationFlags, content: Content): string {
  const { format = "token", out, toNewline } = flags;
  const isBare = format === "token" || out !== undefined;
  const text = isBare ? secret.reveal() : renderSnippet(secret, flags, content);
  return toNewline === true && !text.endsWith("\n") ? `${text}\n` : text;
}

/** Writes the token in the chosen format. */
export function renderSnippet(
  token: Secret,
  { format = "token", envName }: Pick<DestinationFlags, "format" | "envName">,
  { variable, serverName }: Content,
): string {
  if (!isFormatName(format)) throw new KeysError("BUG", "commander accepted an unknown format");
  return formats[format].render({
    token,
    envName: envName ?? variable,
    ...(serverName !== undefined && { serverName }),
  });
}
