import { fstatSync } from "node:fs";
import { systemActor, systemNow, systemRandom, systemStoreWorld } from "../world.ts";
import type { World } from "./context.ts";
import type { Input, Output } from "./io.ts";
import { readInput } from "./read-input.ts";
import { run } from "./run.ts";

/** The real world, and nothing else: all that the CLI does is in `run`. */

const interruption = new AbortController();

function openOutput(stream: NodeJS.WriteStream): Output {
  // Without a listener a closed pipe would end the process; the write that met it rejects, which is enough.
  stream.on("error", () => undefined);
  return {
    write: (text) =>
      new Promise((resolve, reject) => {
        stream.write(text, (error) => {
          if (error == null) resolve();
          else reject(error);
        });
      }),
    isTerminal: stream.isTTY,
    colors: colorsOf(stream),
    columns: stream.isTTY ? stream.columns : 80,
  };
}

/** NO_COLOR holds above all, then TERM=dumb, then FORCE_COLOR, then what the terminal can show. */
function colorsOf(stream: NodeJS.WriteStream): Output["colors"] {
  const { NO_COLOR: none, FORCE_COLOR: forced, TERM: terminal } = process.env;
  if (none !== undefined && none !== "") return 0;
  if (terminal === "dumb") return 0;
  if (forced !== undefined && forced !== "") return forced === "0" || forced === "false" ? 0 : 1;
  if (!stream.isTTY) return 0;
  const depth = stream.getColorDepth();
  return depth >= 24 ? 3 : depth >= 8 ? 2 : depth >= 4 ? 1 : 0;
}

function openInput(): Input {
  const isTerminal = process.stdin.isTTY;
  return { isTerminal, isPiped: !isTerminal && isPiped(), read: (options) => readInput(process.stdin, options) };
}

function isPiped(): boolean {
  try {
    const stat = fstatSync(0);
    return stat.isFIFO() || stat.isFile() || stat.isSocket();
  } catch {
    return false; // closed by whoever started us
  }
}

const world: World = {
  ...systemStoreWorld(),
  streams: { stdin: openInput(), stdout: openOutput(process.stdout), stderr: openOutput(process.stderr) },
  platform: process.platform,
  now: systemNow,
  ticks: () => performance.now(),
  random: systemRandom,
  actor: systemActor(),
  interrupted: interruption.signal,
  request: async () => (await import("./http.ts")).createHttpRequest(),
  ask: async () => (await import("./ask.ts")).createAsk({ input: process.stdin, output: process.stderr }),
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

const status = await run(process.argv.slice(2), world);
process.exitCode = signalled ?? status;
// What was given up in the middle may still hold the process open, a silent stdin for one.
if (signalled !== undefined) process.exit();
