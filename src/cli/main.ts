import { fstatSync, type Stats } from "node:fs";
import { systemActor, systemNow, systemRandom, systemStoreWorld } from "../world.ts";
import type { World } from "./context.ts";
import type { Input, Output } from "./terminal/io.ts";
import { readInput } from "./terminal/read-input.ts";
import { run } from "./run.ts";

/** The real world, and nothing else: all that the CLI does is in `run`. */

const interruption = new AbortController();

/** Opening a stream costs more than a short command does, so each is opened when it is first used. */
function openOutput(name: "stdout" | "stderr"): Output {
  let opened: NodeJS.WriteStream | undefined;
  const open = (): NodeJS.WriteStream => {
    // Without a listener a closed pipe would end the process; the write that met it rejects, which is enough.
    opened ??= process[name].on("error", () => undefined);
    return opened;
  };
  const terminal = () => (isDevice(name === "stdout" ? 1 : 2) && open().isTTY ? open() : null);
  return {
    write: (text) =>
      new Promise((resolve, reject) => {
        open().write(text, (error) => {
          if (error == null) resolve();
          else reject(error);
        });
      }),
    get isTerminal() {
      return terminal() !== null;
    },
    get colors() {
      return colorsOf(terminal);
    },
    get columns() {
      return terminal()?.columns ?? 80;
    },
  };
}

/** NO_COLOR holds above all, then TERM=dumb, then FORCE_COLOR, then what the terminal can show. */
function colorsOf(open: () => NodeJS.WriteStream | null): Output["colors"] {
  const { NO_COLOR: none, FORCE_COLOR: forced, TERM: terminal } = process.env;
  if (none !== undefined && none !== "") return 0;
  if (terminal === "dumb") return 0;
  if (forced !== undefined && forced !== "") return forced === "0" || forced === "false" ? 0 : 1;
  const depth = open()?.getColorDepth() ?? 1;
  return depth >= 24 ? 3 : depth >= 8 ? 2 : depth >= 4 ? 1 : 0;
}

function openInput(): Input {
  return {
    get isTerminal() {
      return isDevice(0) && process.stdin.isTTY;
    },
    get isPiped() {
      const stat = statOf(0);
      return stat !== null && (stat.isFIFO() || stat.isFile() || stat.isSocket());
    },
    read: (options) => readInput(process.stdin, options),
  };
}

/** Whether a descriptor may be a terminal: `/dev/null` is one of these as well. */
function isDevice(fd: number): boolean {
  return statOf(fd)?.isCharacterDevice() ?? true;
}

function statOf(fd: number): Stats | null {
  try {
    return fstatSync(fd);
  } catch {
    return null; // closed by whoever started us
  }
}

const world: World = {
  ...systemStoreWorld(),
  streams: { stdin: openInput(), stdout: openOutput("stdout"), stderr: openOutput("stderr") },
  platform: process.platform,
  node: process.version,
  now: systemNow,
  ticks: () => performance.now(),
  random: systemRandom,
  get actor() {
    return systemActor();
  },
  interrupted: interruption.signal,
  request: async () => (await import("../http/client.ts")).createHttpRequest(),
  ask: async () => (await import("./terminal/ask.ts")).createAsk({ input: process.stdin, output: process.stderr }),
};

const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
let signalled: number | undefined;
for (const [signal, status] of Object.entries(SIGNALS)) {
  process.on(signal, () => {
    // A second one does not wait for anything to be tidied up.
    if (signalled !== undefined) process.exit(status);
    signalled = status;
    interruption.abort();
  });
}

/** What was given up in the middle may still hold the process open: a silent stdin, a name server that does not answer. */
const LINGER_MS = 50;

void run(process.argv.slice(2), world).then((status) => {
  process.exitCode = signalled ?? status;
  if (signalled !== undefined) process.exit();
  setTimeout(() => process.exit(), LINGER_MS).unref();
});
