import { KeysError } from "../../errors.ts";
import type { Program, ProgramInit, Spawn } from "../../probe/stdio/spawn.ts";
import { startProcess, type RunningProcess } from "../../process/start-process.ts";
import type { Context, World } from "../context.ts";

/** Milliseconds for a program to exit after its input is closed, before SIGTERM. */
const EXIT_TIME = 200;
/** Milliseconds from SIGTERM to SIGKILL. */
const GRACE = 1000;
/** Milliseconds to wait for output after the exit: a child of the program may keep its streams open. */
const DRAIN_TIME = 200;
/** Milliseconds that the end of a run waits for the programs, with room for a busy machine. */
const PATIENCE = 3 * (EXIT_TIME + GRACE + DRAIN_TIME);

type SpawnWorld = Pick<World, "env" | "interrupted">;

/**
 * Returns a function that starts programs in the environment of this run, each in its own process group. At the end of the run,
 * also after Ctrl-C, running programs are ended.
 */
export function openSpawn({ world, atEnd }: { readonly world: SpawnWorld; readonly atEnd: Context["atEnd"] }): Spawn {
  const programs = new Set<Program>();
  atEnd(async () => {
    await Promise.all([...programs].map((program) => program.end()));
  }, PATIENCE);
  return async (init) => {
    if (world.interrupted.aborted) throw new KeysError("INTERRUPTED", "interrupted");
    const running = start(init, world);
    const program = programOf(running, (ended) => void programs.delete(ended));
    programs.add(program);
    await running.started.catch((cause: unknown) => {
      throw cannotStart(init.command, cause);
    });
    return program;
  };
}

function start({ command, args, env: changes }: ProgramInit, { env: ours }: SpawnWorld): RunningProcess {
  const changed = Object.entries(changes).map(([name, value]) => [name, value?.reveal()] as const);
  // `undefined` removes a variable from the environment of the program.
  const env = { ...ours, ...Object.fromEntries(changed) };
  try {
    return startProcess(command, args, { env, stdio: ["pipe", "pipe", "pipe"], ownGroup: true });
  } catch (cause) {
    throw cannotStart(command, cause);
  }
}

function cannotStart(command: string, cause: unknown): KeysError {
  const hint = "after -- give a program and its arguments, for example: mcp-keys test --stdio -- node server.js";
  return new KeysError("SERVER_UNREACHABLE", `cannot start ${command}`, { hint, cause });
}

function programOf(running: RunningProcess, onEnd: (program: Program) => void): Program {
  const { child } = running;
  const ended = running.closed(DRAIN_TIME);
  let ending: Promise<void> | undefined;
  const program: Program = {
    ended,
    listen(onText) {
      for (const name of ["stdout", "stderr"] as const) {
        child[name]?.setEncoding("utf8").on("data", (text: string) => onText(name, text));
      }
    },
    write: (line) => void child.stdin?.write(`${line}\n`),
    end: () => (ending ??= end(running, ended).finally(() => onEnd(program))),
  };
  return program;
}

async function end(running: RunningProcess, ended: Promise<unknown>): Promise<void> {
  running.child.stdin?.end();
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, EXIT_TIME);
  });
  await Promise.race([ended, timeout]);
  clearTimeout(timer);
  // Its children may outlive it.
  await running.end(GRACE);
  running.kill();
}
