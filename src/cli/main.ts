import { systemActor, systemNow, systemRandom, systemStoreWorld } from "../world.ts";
import type { World } from "./context.ts";
import { createInterruption } from "./interruption.ts";
import type { InputStream } from "./terminal/io.ts";
import { isDevice, isHungUp, openOutput, statOf } from "./terminal/open-output.ts";
import { readInput } from "./terminal/read-input.ts";
import { readWaiting } from "./terminal/read-waiting.ts";
import { run } from "./run.ts";

/** Connects the CLI to the process: streams, signals, clock and randomness. All behaviour is in `run`. */

const interruption = createInterruption();

function openInput(): InputStream {
  return {
    get isTerminal() {
      return isDevice(0) && process.stdin.isTTY;
    },
    get isPiped() {
      const stat = statOf(0);
      return stat !== null && (stat.isFIFO() || stat.isFile() || stat.isSocket());
    },
    read: (options) =>
      readInput(
        (limit) => readWaiting(0, limit),
        () => process.stdin,
        options,
      ),
  };
}

const world: World = {
  ...systemStoreWorld(),
  streams: {
    stdin: openInput(),
    stdout: openOutput(1, () => process.stdout, process.env),
    stderr: openOutput(2, () => process.stderr, process.env),
  },
  platform: process.platform,
  node: process.version,
  now: systemNow,
  ticks: () => Number(process.hrtime.bigint()) / 1e6, // `performance` takes longer to load
  random: systemRandom,
  get actor() {
    return systemActor();
  },
  get interrupted() {
    return interruption.signal;
  },
  onInterrupt: interruption.onInterrupt,
  request: async () => (await import("../http/client.ts")).createHttpRequest(),
  prompts: async () =>
    (await import("./terminal/prompts.ts")).createPrompts({ input: process.stdin, output: process.stderr }),
};

const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
let signalled: number | undefined;
for (const [signal, status] of Object.entries(SIGNALS)) {
  process.on(signal, () => {
    // A second signal skips the cleanup. A command that has a token is killed, see `RunningProcess.killAtExit`.
    if (signalled !== undefined) process.exit(status);
    signalled = status;
    interruption.interrupt();
  });
}

// Nothing is left that could wake the run: it waits for an answer that cannot come. Node would exit with 0.
const giveUp = (): void => {
  process.exitCode = 130;
  interruption.interrupt();
};
process.once("beforeExit", giveUp);

/** Ends like a program that does not handle SIGHUP: 129. Node aborts when it cannot restore the terminal that has gone. */
function dieOfHangUp(): void {
  process.removeAllListeners("SIGHUP");
  process.kill(process.pid, "SIGHUP");
}

/** Abandoned work may keep the process open: a silent stdin, an unanswered DNS query. Milliseconds. */
const LINGER_MS = 50;

void run(process.argv.slice(2), world).then((status) => {
  process.off("beforeExit", giveUp);
  if ([0, 1, 2].some(isHungUp)) dieOfHangUp();
  process.exitCode = signalled ?? status;
  if (signalled !== undefined) process.exit();
  // The first timer takes 0.2 ms.
  if (process.getActiveResourcesInfo().length > 0) setTimeout(() => process.exit(), LINGER_MS).unref();
});
