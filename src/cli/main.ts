import { fstatSync, type Stats } from "node:fs";
import { systemActor, systemNow, systemRandom, systemStoreWorld } from "../world.ts";
import type { World } from "./context.ts";
import type { InputStream, OutputStream } from "./terminal/io.ts";
import { readInput } from "./terminal/read-input.ts";
import { run } from "./run.ts";

/** Connects the CLI to the process: streams, signals, clock and randomness. All behaviour is in `run`. */

const interruption = new AbortController();

/** Opens a stream on first use, because opening one takes longer than a short command. */
function openOutput(name: "stdout" | "stderr"): OutputStream {
  let opened: NodeJS.WriteStream | undefined;
  const open = (): NodeJS.WriteStream => {
    // Without a listener a closed pipe would end the process. The failed write rejects, and `run` handles that.
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

/** Returns the colour depth: NO_COLOR wins, then TERM=dumb, then FORCE_COLOR, then the terminal's own colour depth. */
function colorsOf(open: () => NodeJS.WriteStream | null): OutputStream["colors"] {
  const { NO_COLOR: none, FORCE_COLOR: forced, TERM: terminal } = process.env;
  if (none !== undefined && none !== "") return 0;
  if (terminal === "dumb") return 0;
  if (forced !== undefined && forced !== "") return forced === "0" || forced === "false" ? 0 : 1;
  const depth = open()?.getColorDepth() ?? 1;
  return depth >= 24 ? 3 : depth >= 8 ? 2 : depth >= 4 ? 1 : 0;
}

function openInput(): InputStream {
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

/** Tells whether a descriptor may be a terminal. `/dev/null` is a device too. */
function isDevice(fd: number): boolean {
  return statOf(fd)?.isCharacterDevice() ?? true;
}

function statOf(fd: number): Stats | null {
  try {
    return fstatSync(fd);
  } catch {
    return null; // closed by the parent process
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
  prompts: async () =>
    (await import("./terminal/prompts.ts")).createPrompts({ input: process.stdin, output: process.stderr }),
};

const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
let signalled: number | undefined;
for (const [signal, status] of Object.entries(SIGNALS)) {
  process.on(signal, () => {
    // A second signal skips the cleanup.
    if (signalled !== undefined) process.exit(status);
    signalled = status;
    interruption.abort();
  });
}

/** Abandoned work may keep the process open: a silent stdin, an unanswered DNS query. Milliseconds. */
const LINGER_MS = 50;

void run(process.argv.slice(2), world).then((status) => {
  process.exitCode = signalled ?? status;
  if (signalled !== undefined) process.exit();
  setTimeout(() => process.exit(), LINGER_MS).unref();
});
