import { spawn, type ChildProcess } from "node:child_process";
import { KeysError } from "../../errors.ts";
import type { Exit, Program, ProgramInit, Spawn } from "../../probe/stdio/spawn.ts";
import { endProcessGroup } from "../../sinks/process-group.ts";
import type { Context, World } from "../context.ts";

/** Milliseconds for a program to exit after its input is closed, before SIGTERM. */
const EXIT_TIME = 200;
/** Milliseconds from SIGTERM to SIGKILL. */
const GRACE = 1000;
/** Milliseconds to wait for output after the exit: a child of the program may keep its streams open. */
const DRAIN_TIME = 200;
/** Milliseconds that the end of a run waits for the programs, with room for a busy machine. */
const PATIENCE = 3 * (EXIT_TIME + GRACE + DRAIN_TIME);

type Outside = Pick<World, "env" | "platform" | "interrupted">;

/**
 * Returns a function that starts programs in the environment of this run, each in its own process group. At the end of the run,
 * also after Ctrl-C, running programs are ended.
 */
export function openSpawn({ world, atEnd }: { readonly world: Outside; readonly atEnd: Context["atEnd"] }): Spawn {
  const running = new Set<Program>();
  atEnd(async () => {
    await Promise.all([...running].map((program) => program.end()));
  }, PATIENCE);
  return async (init) => {
    if (world.interrupted.aborted) throw new KeysError("INTERRUPTED", "interrupted");
    const child = start(init, world);
    const program = programOf(child, (ended) => void running.delete(ended));
    running.add(program);
    await started(child, init);
    return program;
  };
}

function start({ command, args, env: changes }: ProgramInit, { env: ours, platform }: Outside): ChildProcess {
  const changed = Object.entries(changes).map(([name, value]) => [name, value?.reveal()] as const);
  // `undefined` removes a variable from the environment of the program.
  const env = { ...ours, ...Object.fromEntries(changed) };
  return spawn(command, args, {
    ...{ env, stdio: ["pipe", "pipe", "pipe"] },
    // Its own group can be ended as a whole, and Ctrl-C reaches only us.
    ...{ detached: platform !== "win32", windowsHide: true },
  });
}

/** @throws `KeysError` `SERVER_UNREACHABLE` */
function started(child: ChildProcess, { command }: ProgramInit): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", (cause) => {
      const hint = "after -- give a program and its arguments, for example: mcp-keys test --stdio -- node server.js";
      reject(new KeysError("SERVER_UNREACHABLE", `cannot start ${command}`, { hint, cause }));
    });
  });
}

function programOf(child: ChildProcess, onEnd: (program: Program) => void): Program {
  const ended = endOf(child);
  let ending: Promise<void> | undefined;
  const program: Program = {
    ended,
    listen(onText) {
      for (const name of ["stdout", "stderr"] as const) {
        child[name]?.setEncoding("utf8").on("data", (text: string) => onText(name, text));
      }
    },
    write: (line) => void child.stdin?.write(`${line}\n`),
    end: () => (ending ??= end(child, ended).finally(() => onEnd(program))),
  };
  // `ended` reports a program that exits in the middle of a line.
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.on("error", () => undefined);
  return program;
}

function endOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.once("error", () => resolve({ code: null, signal: null }));
    child.once("exit", (code, signal) => {
      const exit = { code, signal };
      const timer = setTimeout(resolve, DRAIN_TIME, exit);
      child.once("close", () => {
        clearTimeout(timer);
        resolve(exit);
      });
    });
  });
}

async function end(child: ChildProcess, ended: Promise<Exit>): Promise<void> {
  child.stdin?.end();
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, EXIT_TIME);
  });
  await Promise.race([ended, timeout]);
  clearTimeout(timer);
  // Its children may outlive it.
  await endProcessGroup(child, GRACE);
  child.kill("SIGKILL");
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy();
}
