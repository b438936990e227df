/**
 * Counts the CPU instructions per request with callgrind, with and without a guard. Unlike time, they do not depend on the load
 * of the machine. They include neither the kernel's work nor waiting for memory, so only Express has a goal, 0.95 as in
 * `server.js`: with the other frameworks, half of the work is the kernel's. Needs valgrind.
 */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { printTable } from "./figures.js";
import { HTTP2, sendRequests } from "./load.js";
import { EMPTY, NONE, OURS, SDKS, start } from "./serve.js";

const run = promisify(execFile);

const WARM_UP = 20_000;
const MEASURED = 4_000;
const [ONE_KEY] = OURS;
const CASES = {
  Express: [NONE, EMPTY, ONE_KEY, ...SDKS],
  "node:http": [NONE, EMPTY, ONE_KEY],
  Fastify: [NONE, EMPTY, ONE_KEY],
  Hono: [NONE, EMPTY, ONE_KEY],
  [HTTP2]: [NONE, EMPTY, ONE_KEY],
};
const GOALS = { Express: ">= 0.95" };
/** Functions of V8 that run in bursts, which hit some cases and not others: the compilers and the garbage collector. */
const BURSTS =
  /compiler::|baseline::|interpreter::|LinearScan|LiveRange|Zone|Scaveng|Mark|Sweep|Heap::|Evacuat|Ephemeron|BodyDescriptor|RememberedSet|FreeList|Space::|MemoryChunk|Worklist|SlotSet|Visitor|VisitPointers|GlobalHandles|Compactor|cppgc/;
/** One thread and fixed seeds: two runs of the same code count the same. */
const FLAGS = ["--single-threaded", "--hash-seed=1", "--random-seed=1"];

if (await isInstalled()) for (const [framework, guards] of Object.entries(CASES)) await compare(framework, guards);
else console.log("\nskipped: instructions per request, because valgrind is not installed");

async function compare(framework, guards) {
  const rows = [];
  for (const guard of guards) {
    const counted = await count(framework, guard);
    if (counted !== undefined) rows.push({ guard, ...counted });
  }
  const [none] = rows;
  printTable(
    `Instructions per request, over ${MEASURED} requests after ${WARM_UP}`,
    ["server", "all", "without bursts", "more than no guard", "vs no guard", "goal"],
    rows.map(({ guard, all, steady }) => [
      ...[`${framework}, ${guard.replace(/, [\d,]+ keys?$/, "")}`, Math.round(all), Math.round(steady)],
      ...[Math.round(steady - none.steady), (none.steady / steady).toFixed(3), goalOf(framework, guard)],
    ]),
  );
}

/** @returns undefined if a package is missing */
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
  const control = (...args) => run("callgrind_control", [...args, String(child.pid)]);
  try {
    if (port === undefined) return undefined;
    await sendRequests(port, token, WARM_UP, framework);
    await control("-i", "on");
    // Code is translated again when counting starts; the next requests warm it up.
    await sendRequests(port, token, MEASURED / 8, framework);
    await control("-z");
    const requests = await sendRequests(port, token, MEASURED, framework);
    await control("-d");
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
  if (guard === ONE_KEY) return GOALS[framework] ?? "";
  return SDKS.includes(guard) ? "slower than ours" : "";
}

function isInstalled() {
  return run("valgrind", ["--version"]).then(
    () => true,
    () => false,
  );
}
