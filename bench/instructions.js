/**
 * The processor instructions that a request takes, with a guard and without, counted by callgrind: unlike seconds they are the same on
 * a busy machine as on a quiet one. Neither what the kernel does is in them, nor any waiting for memory. So a goal is set on Express
 * alone, 0.95 of no guard as in `server.js`: elsewhere the kernel does half of the work. Without valgrind nothing is measured.
 */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { printTable } from "./figures.js";
import { sendRequests } from "./load.js";
import { EMPTY, NONE, OURS, SDKS, start } from "./serve.js";

const run = promisify(execFile);

const WARM_UP = 20_000;
const MEASURED = 4_000;
const [ONE_KEY] = OURS;
const CASES = {
  Express: [NONE, EMPTY, ONE_KEY, ...SDKS],
  "node:http": [NONE, EMPTY, ONE_KEY],
  Fastify: [NONE, EMPTY, ONE_KEY],
};
const GOALS = { Express: ">= 0.95", "node:http": "", Fastify: "" };
/** What comes in bursts, and meets one case or another: parts of V8 by the names of their functions. */
const BURSTS =
  /compiler::|baseline::|interpreter::|LinearScan|LiveRange|Zone|Scaveng|Mark|Sweep|Heap::|Evacuat|Ephemeron|BodyDescriptor|RememberedSet|FreeList|Space::|MemoryChunk|Worklist|SlotSet|Visitor|VisitPointers|GlobalHandles|Compactor|cppgc/;
/** One thread, and no chance, so that two runs of the same code count the same. */
const FLAGS = ["--single-threaded", "--hash-seed=1", "--random-seed=1"];

if (await isInstalled()) for (const [framework, guards] of Object.entries(CASES)) await compare(framework, guards);
else console.log("\nInstructions are left out: valgrind is not installed");

async function compare(framework, guards) {
  const rows = [];
  for (const guard of guards) {
    const counted = await count(framework, guard);
    if (counted !== undefined) rows.push({ guard, ...counted });
  }
  const [none] = rows;
  printTable(
    `Instructions for a request, ${MEASURED} requests after ${WARM_UP}`,
    ["server", "all", "steady", "more than no guard", "times no guard", "goal"],
    rows.map(({ guard, all, steady }) => [
      ...[`${framework}, ${guard.replace(/, [\d,]+ keys?$/, "")}`, Math.round(all), Math.round(steady)],
      ...[Math.round(steady - none.steady), (none.steady / steady).toFixed(3), goalOf(framework, guard)],
    ]),
  );
}

/** @returns undefined when a package is missing */
async function count(framework, guard) {
  const folder = await mkdtemp(join(tmpdir(), "mcp-keys-bench-"));
  const out = join(folder, "out");
  const valgrind = ["-q", "--tool=callgrind", "--instr-atstart=no", "--smc-check=all-non-file"];
  const server = await start(framework, guard, {
    execPath: "valgrind",
    execArgv: [...valgrind, `--callgrind-out-file=${out}`, process.execPath, ...FLAGS],
    env: { ...process.env, KEYS: "1000" },
  });
  const { child, port, token } = server;
  const tell = (...args) => run("callgrind_control", [...args, String(child.pid)]);
  try {
    if (port === undefined) return undefined;
    await sendRequests(port, token, WARM_UP);
    await tell("-i", "on");
    // What is counted first is translated once more.
    await sendRequests(port, token, MEASURED / 8);
    await tell("-z");
    const requests = await sendRequests(port, token, MEASURED);
    await tell("-d");
    return await read(`${out}.1`, requests);
  } finally {
    const ended = once(child.removeAllListeners("exit"), "exit");
    child.disconnect();
    await ended;
    await rm(folder, { recursive: true });
  }
}

async function read(file, requests) {
  const [, all] = /^totals: (\d+)$/m.exec(await readFile(file, "utf8"));
  const { stdout } = await run("callgrind_annotate", ["--threshold=100", file], { maxBuffer: 2 ** 28 });
  let bursts = 0;
  for (const [, ir, name] of stdout.matchAll(/^\s*([\d,]+) \(.*?\) {2}(.*)$/gm)) {
    if (BURSTS.test(name)) bursts += Number(ir.replaceAll(",", ""));
  }
  return { all: all / requests, steady: (all - bursts) / requests };
}

function goalOf(framework, guard) {
  if (guard === ONE_KEY) return GOALS[framework];
  return SDKS.includes(guard) ? "behind ours" : "";
}

function isInstalled() {
  return run("valgrind", ["--version"]).then(
    () => true,
    () => false,
  );
}
