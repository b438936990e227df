import { spawn, type ChildProcess } from "node:child_process";
import { KeysError } from "../../errors.ts";
import type { Exit, Program, ProgramInit, Spawn } from "../../probe/stdio/spawn.ts";
import { endProcessGroup } from "../../sinks/process-group.ts";
import type { Context, World } from "../context.ts";

/** What a program may take to end once its input is closed, before it is asked. Milliseconds. */
const FAREWELL = 200;
/** What it may take then, before it is not asked any more. Milliseconds. */
const GRACE = 1000;
/** What comes after its end is not waited for longer: something it started may hold its streams open. Milliseconds. */
const REST = 200;
/** How long the end of a run waits for all of that, on a machine that is busy. Milliseconds. */
const PATIENCE = 3 * (FAREWELL + GRACE + REST);

type Outside = Pick<World, "env" | "platform" | "interrupted">;

/**
 * Starts programs in the environment of this run, each in a process group of its own. Those that still run at the end of the
 * run are ended, also after Ctrl-C.
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
  // A variable that is undefined here is not there for the program.
  const env = { ...ours, ...Object.fromEntries(changed) };
  return spawn(command, args, {
    ...{ env, stdio: ["pipe", "pipe", "pipe"] },
    // A group of its own can be ended as a whole, and Ctrl-C reaches us first.
    ...{ detached: platform !== "win32", windowsHide: true },
  });
}

/** @throws `KeysError` `SERVER_UNREACHABLE` */
function started(child: ChildProcess, { command }: ProgramInit): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", (cause) => {
      const hint = "check what stands behind the --: a program, and then its arguments";
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
  // Who ends in the middle of a line is seen to have ended, which is enough.
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.on("error", () => undefined);
  return program;
}

function endOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.once("error", () => resolve({ code: null, signal: null }));
    child.once("exit", (code, signal) => {
      const exit = { code, signal };
      const timer = setTimeout(resolve, REST, exit);
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
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, FAREWELL);
  });
  await Promise.race([ended, late]);
  clearTimeout(timer);
  // Whatever it started may outlive it.
  await endProcessGroup(child, GRACE);
  child.kill("SIGKILL");
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy();
}
