import type { StdioOptions } from "node:child_process";
import { platform } from "node:os";
import type { Duplex, Writable } from "node:stream";
import { formatDuration } from "../core/duration.ts";
import { maskCommand } from "../core/find-token.ts";
import { onAbort } from "../core/on-abort.ts";
import { KeysError } from "../errors.ts";
import { startProcess, type RunningProcess } from "../process/start-process.ts";
import { openNamelessFile } from "./nameless-file.ts";
import { DELIVERY, firstWord, NOT_FOUND, parseReport, PREFLIGHT, UNPARSABLE } from "./shell-script.ts";
import { createSink, type Sink, type Variables } from "./sink.ts";

export type CommandInput = "token" | "keyset" | "nothing";

export interface CommandOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Interrupts the delivery. A command that has the token may finish within `grace`, then it is ended with all it started. */
  readonly signal: AbortSignal;
  /** Whole seconds. */
  readonly grace: number;
  /** Tells the user what an interrupted delivery waits for. */
  readonly notify?: (line: string) => void;
  /** Whether the command may prompt at the terminal (`sudo`, `ssh`). It then stays in our process group and gets Ctrl-C itself. */
  readonly terminal: boolean;
  /**
   * What the command receives: by default a token. A keyset is no secret, so it may be longer than 8192 bytes and is then passed in a
   * file without a name. With `nothing`, stdin is `/dev/null` and the text is empty.
   */
  readonly input?: CommandInput;
  /** A POSIX shell; by default `sh`, and `cmd` on Windows. */
  readonly shell?: string;
  /** The file descriptor for the command's output, by default 2: stdout carries only the result. */
  readonly stderr?: number;
}

/** Bytes that every pipe holds before anything reads. macOS has the smallest pipes. */
const LIMIT = 8192;

/**
 * Opens a shell command that receives the text on its stdin, byte for byte, and nowhere else: not in its arguments, not in its
 * environment, which only names the key. No newline is added, since many commands store their input unchanged. The command's output
 * goes to our stderr. A command that cannot be parsed, or whose program is missing, fails here.
 *
 * A delivery succeeds if the command reads the whole text and exits with 0. If it reads nothing, that is `DELIVERY_FAILED`. If
 * it reads the text and then fails, reads only a part, or is ended after an interruption, that is `DELIVERY_UNCERTAIN`. Processes that
 * a failed command left in its group are ended, unless it received nothing; those of a command that succeeded are left alone. If this
 * process is killed, a command without a terminal is ended after the same grace.
 * @throws {@link KeysError} `DELIVERY_FAILED`; `USAGE` for an empty command
 */
export async function openCommandSink(command: string, options: CommandOptions): Promise<Sink> {
  if (command.trim() === "") {
    throw new KeysError("USAGE", "the command is empty", { hint: "for example: --to 'gh secret set MCP_API_KEY'" });
  }
  const to = `command:${maskCommand(command)}`;
  if (options.shell === undefined && platform() === "win32") {
    return createSink(to, {
      deliver: (text, variables) => deliverThroughCmd(text, command, withVariables(options, variables)),
    });
  }
  await preflight(command, options);
  return createSink(to, { deliver: (text, variables) => deliver(text, command, withVariables(options, variables)) });
}

function withVariables(options: CommandOptions, variables: Variables): CommandOptions {
  return { ...options, env: { ...options.env, ...variables } };
}

async function preflight(command: string, options: CommandOptions): Promise<void> {
  const word = firstWord(command);
  const shell = start([PREFLIGHT, command, word], ["ignore", "ignore", options.stderr ?? 2], options);
  const status = await ended(shell);
  if (status === UNPARSABLE) throw new KeysError("DELIVERY_FAILED", "the shell cannot parse the command");
  if (status === NOT_FOUND) {
    const hint = "install it, or write its full path";
    throw new KeysError("DELIVERY_FAILED", `the shell cannot find the command ${word}`, { hint });
  }
}

async function deliver(text: string, command: string, options: CommandOptions): Promise<void> {
  const { signal, terminal, grace, input = "token", stderr = 2 } = options;
  const size = Buffer.byteLength(text);
  const isLong = size > LIMIT;
  if (isLong && input === "token")
    throw new KeysError("DELIVERY_FAILED", `the text is longer than ${String(LIMIT)} bytes`);
  if (signal.aborted) throw new KeysError("DELIVERY_FAILED", "interrupted before the command started");

  const watched = terminal ? "" : String(grace);
  const file = isLong ? await openNamelessFile(text) : null;
  const script = input === "nothing" ? `exec </dev/null\n${command}` : command;
  const shell = start([DELIVERY, script, watched], [file?.fd ?? "pipe", stderr, stderr, "pipe"], options);
  const [stdin, , , control] = shell.child.stdio as unknown as [Duplex | null, null, null, Duplex];
  let output = "";
  let begun = false;
  control.setEncoding("utf8").on("data", (chunk: string) => (output += chunk));
  void shell.exited.then(() => control.end("end\n"));
  const begin = (error?: unknown): void => {
    begun = error instanceof Error ? false : !signal.aborted;
    if (begun) control.write("go\n");
    else control.end();
  };
  if (stdin === null) begin();
  else stdin.end(text, begin);
  await endedOrInterrupted(shell, options, () => begun).finally(() => file?.close());
  try {
    judge(output, { size, begun, interrupted: signal.aborted, input });
  } catch (error) {
    // What a failed command left running could overwrite a newer token later. A deployment may have left the service itself.
    if (input !== "nothing") await shell.end();
    throw error;
  }
}

/**
 * Waits for the end of a command. After an interruption, a command that may have the token can finish within the grace. Then it is
 * ended with everything it started, and so it is if this process exits: it must not overwrite a newer token later.
 * @param hasToken - whether the command may have the token
 * @returns its exit status; `null` if a signal ended it
 */
async function endedOrInterrupted(
  shell: RunningProcess,
  { signal, grace, notify, input = "token" }: Pick<CommandOptions, "signal" | "grace" | "notify" | "input">,
  hasToken: () => boolean,
): Promise<number | null> {
  const finish = async (): Promise<void> => {
    if (hasToken() && grace > 0) {
      const reason = input === "nothing" ? "" : `, because it already has the ${input}`;
      notify?.(`waiting up to ${formatDuration(grace)} for the command to finish${reason}; Ctrl-C again ends it`);
      await shell.letFinish(grace * 1000);
    }
    await shell.end();
  };
  let finished = Promise.resolve();
  const stop = (): void => void (finished = finish());
  const keep = shell.killAtExit();
  const stopListening = onAbort(signal, stop);
  try {
    return await ended(shell);
  } finally {
    stopListening();
    await finished;
    keep();
  }
}

/** @throws {@link KeysError} unless the command read the whole text and exited with 0 */
function judge(
  output: string,
  { size, begun, interrupted, input }: { size: number; begun: boolean; interrupted: boolean; input: CommandInput },
): void {
  const report = parseReport(output);
  if (report === null) {
    const message = interrupted ? "interrupted while the command was running" : "the shell ended before the command";
    throw new KeysError(begun ? "DELIVERY_UNCERTAIN" : "DELIVERY_FAILED", message);
  }
  const { status, unread } = report;
  const end = interrupted && status !== 0 ? "was interrupted" : describeEnd(status);
  if (size > 0 && unread >= size)
    throw new KeysError("DELIVERY_FAILED", `the command ${end} without reading the ${input}`);
  if (status !== 0) throw new KeysError("DELIVERY_UNCERTAIN", `the command ${end}`);
  if (unread > 0) throw new KeysError("DELIVERY_UNCERTAIN", `the command read only part of the ${input}`);
}

function describeEnd(status: number): string {
  if (status === 0) return "ended";
  const reason = status === 127 ? " (not found)" : status === 126 ? " (not executable)" : "";
  return `failed with exit status ${String(status)}${reason}`;
}

function start(
  args: [script: string, ...rest: string[]],
  stdio: StdioOptions,
  options: CommandOptions,
): RunningProcess {
  const { shell = "sh", env, terminal } = options;
  const [script, ...rest] = args;
  try {
    // A separate process group can be ended as a whole, but cannot read from the terminal.
    return startProcess(shell, ["-c", script, shell, ...rest], { env, stdio, ownGroup: !terminal });
  } catch (cause) {
    throw cannotRun(shell, cause);
  }
}

/** Resolves with the exit status once the process has ended and its streams are closed; `null` if a signal ended it. */
async function ended(shell: RunningProcess): Promise<number | null> {
  await shell.started.catch((cause: unknown) => {
    throw cannotRun(shell.child.spawnfile, cause);
  });
  return (await shell.closed()).code;
}

function cannotRun(shell: string, cause: unknown): KeysError {
  return new KeysError("DELIVERY_FAILED", `cannot run ${shell}`, { cause });
}

/** Milliseconds for the input of an ended command to be settled: a process that it left behind may still hold the pipe. */
const SETTLE_MS = 1_000;

/** Waits until a stream is finished, fails or is closed. */
function settled(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, SETTLE_MS);
    for (const event of ["finish", "error", "close"]) {
      stream.once(event, () => {
        clearTimeout(timer);
        resolve();
      });
    }
  });
}

/**
 * Runs a command in Node's default shell (`cmd /d /s /c` on Windows) with the text on its stdin. It cannot tell how much the
 * command read, so every failure after the start is uncertain.
 * @throws {@link KeysError} `DELIVERY_FAILED` `DELIVERY_UNCERTAIN`
 */
export async function deliverThroughCmd(
  text: string,
  command: string,
  options: Pick<CommandOptions, "env" | "signal" | "grace" | "notify" | "stderr" | "input">,
): Promise<void> {
  const { env, signal, stderr = 2, input = "token" } = options;
  const isInterrupted = (): boolean => signal.aborted;
  if (isInterrupted()) throw new KeysError("DELIVERY_FAILED", "interrupted before the command started");
  const shell = startProcess(command, [], { shell: true, env, stdio: ["pipe", stderr, stderr] });
  const refused: unknown[] = [];
  const { stdin } = shell.child;
  stdin?.on("error", (cause) => refused.push(cause)).end(text);
  const status = await endedOrInterrupted(shell, options, () => true);
  // The end of the command may be reported before what became of its input.
  if (stdin !== null && !stdin.writableFinished && refused.length === 0) await settled(stdin);
  if (isInterrupted()) throw new KeysError("DELIVERY_UNCERTAIN", "interrupted while the command was running");
  if (status !== 0) throw new KeysError("DELIVERY_UNCERTAIN", `the command failed with exit status ${String(status)}`);
  if (refused.length > 0 || stdin?.writableFinished === false)
    throw new KeysError("DELIVERY_UNCERTAIN", `the command did not read the ${input}`);
}
