import { spawn, type ChildProcess, type StdioOptions } from "node:child_process";
import { platform } from "node:os";
import type { Duplex } from "node:stream";
import { KeysError } from "../errors.ts";
import { deliverThroughCmd } from "./cmd.ts";
import { once } from "./once.ts";
import { endProcessGroup, GRACE } from "./process-group.ts";
import { DELIVERY, firstWord, NOT_FOUND, parseReport, PREFLIGHT, UNPARSABLE } from "./shell-script.ts";
import type { Sink } from "./sink.ts";

export interface CommandOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ends the command, and all that it started, when aborted. */
  readonly signal: AbortSignal;
  /** Whether the command may ask a person at the terminal (`sudo`, `ssh`). It then stays where Ctrl-C reaches it by itself. */
  readonly terminal: boolean;
  /** A POSIX shell; by default `sh`, and `cmd` on Windows. */
  readonly shell?: string;
  /** The descriptor for all that the command prints, by default 2: stdout is for the answer alone. */
  readonly stderr?: number;
}

/** Every pipe takes so much before anybody reads; the smallest is that of macOS. */
const LIMIT = 8192;

/**
 * A command of the user's shell that takes the text on its stdin, byte for byte, and nowhere else: not in its arguments, not
 * in its environment. Nothing is added: pass a bare token without a newline, since many commands store what they read as it is.
 * What it prints goes to our stderr. A command that cannot be parsed, or whose program is missing, fails here.
 *
 * A delivery counts when the command read all of the text and ended with status 0. Read nothing: `DELIVERY_FAILED`. Read and
 * then failed, read a part, or was interrupted: `DELIVERY_UNCERTAIN`.
 * @throws {@link KeysError} `DELIVERY_FAILED`; `USAGE` for an empty command
 */
export async function openCommandSink(command: string, options: CommandOptions): Promise<Sink> {
  if (command.trim() === "") {
    throw new KeysError("USAGE", "the command is empty", { hint: "such as: --to 'gh secret set MCP_API_KEY'" });
  }
  const to = `command:${command}`;
  if (options.shell === undefined && platform() === "win32") {
    return once(to, { deliver: (text) => deliverThroughCmd(text, command, options) });
  }
  await preflight(command, options);
  return once(to, { deliver: (text) => deliver(text, command, options) });
}

async function preflight(command: string, options: CommandOptions): Promise<void> {
  const word = firstWord(command);
  const child = start([PREFLIGHT, command, word], ["ignore", "ignore", options.stderr ?? 2], options);
  const status = await ended(child);
  if (status === UNPARSABLE) throw new KeysError("DELIVERY_FAILED", "the shell cannot parse the command");
  if (status === NOT_FOUND) {
    const hint = "install it, or name it with its whole path";
    throw new KeysError("DELIVERY_FAILED", `${word} is not a command that the shell finds`, { hint });
  }
}

async function deliver(text: string, command: string, options: CommandOptions): Promise<void> {
  const { signal, terminal, stderr = 2 } = options;
  const size = Buffer.byteLength(text);
  if (size > LIMIT) throw new KeysError("DELIVERY_FAILED", `the text is longer than ${String(LIMIT)} bytes`);
  if (signal.aborted) throw new KeysError("DELIVERY_FAILED", "interrupted before the command was run");

  const child = start([DELIVERY, command], ["pipe", stderr, stderr, "pipe"], options);
  const [stdin, , , control] = child.stdio as unknown as [Duplex, null, null, Duplex];
  let said = "";
  let begun = false;
  // An early end of the shell shows as the missing report.
  for (const stream of [stdin, control]) stream.on("error", () => undefined);
  control.setEncoding("utf8").on("data", (chunk: string) => (said += chunk));
  stdin.end(text, (error?: unknown) => {
    begun = error instanceof Error ? false : !signal.aborted;
    control.end(begun ? "go\n" : "");
  });

  let stopped = Promise.resolve();
  const stop = (): void => {
    stopped = terminal ? endLater(child) : endProcessGroup(child);
  };
  signal.addEventListener("abort", stop, { once: true });
  try {
    await ended(child);
  } finally {
    signal.removeEventListener("abort", stop);
    await stopped;
  }
  judge(said, { size, begun, interrupted: signal.aborted });
}

/** @throws {@link KeysError} unless the command took all of the text and was content. */
function judge(
  said: string,
  { size, begun, interrupted }: { size: number; begun: boolean; interrupted: boolean },
): void {
  const report = parseReport(said);
  if (report === null) {
    const message = interrupted ? "interrupted while the command ran" : "the shell ended before the command did";
    throw new KeysError(begun ? "DELIVERY_UNCERTAIN" : "DELIVERY_FAILED", message);
  }
  const { status, unread } = report;
  const end = interrupted && status !== 0 ? "was interrupted" : describeEnd(status);
  if (unread >= size) throw new KeysError("DELIVERY_FAILED", `the command ${end} without reading the token`);
  if (status !== 0) throw new KeysError("DELIVERY_UNCERTAIN", `the command ${end}`);
  if (unread > 0) throw new KeysError("DELIVERY_UNCERTAIN", "the command read only a part of the token");
}

function describeEnd(status: number): string {
  if (status === 0) return "ended";
  const reason = status === 127 ? " (not found)" : status === 126 ? " (not executable)" : "";
  return `failed with exit status ${String(status)}${reason}`;
}

function start(args: [script: string, ...rest: string[]], stdio: StdioOptions, options: CommandOptions): ChildProcess {
  const { shell = "sh", env, terminal } = options;
  const [script, ...rest] = args;
  try {
    // A group of its own can be ended as a whole, but is cut off from the terminal.
    return spawn(shell, ["-c", script, shell, ...rest], { env, stdio, detached: !terminal });
  } catch (cause) {
    throw cannotRun(shell, cause);
  }
}

/** The exit status once the process has ended and its streams are read; `null` after a signal. */
function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once("error", (cause) => {
      reject(cannotRun(child.spawnfile, cause));
    });
    child.once("close", resolve);
  });
}

function cannotRun(shell: string, cause: unknown): KeysError {
  return new KeysError("DELIVERY_FAILED", `cannot run ${shell}`, { cause });
}

/** At a terminal Ctrl-C has reached the command already; only one that does not heed it is ended. */
async function endLater(child: ChildProcess): Promise<void> {
  const timer = setTimeout(() => {
    child.kill("SIGKILL");
    // What it started may live on and hold its streams open; nobody waits for that.
    for (const stream of child.stdio) stream?.destroy();
  }, GRACE);
  await new Promise((resolve) => child.once("close", resolve));
  clearTimeout(timer);
}
