/**
 * Runs the benchmarks, one after the other, and prints one table: what was measured, a peer, ours, the ratio and the goal.
 *
 *   npm run bench                      about five minutes on two cores
 *   npm run bench -- --long            more rounds, more cases and the tables of each benchmark
 *   npm run bench -- cli stores        only these
 *   npm run bench -- --json FILE       where the rows go; bench/results.json without names
 *
 * No result fails the run. Packages to compare with are installed into `bench/peers` first; without them, those rows are missing.
 * `node bench/page.js` writes docs/performance.md from bench/results.json.
 */
import { fork, spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { printTable } from "./figures.js";
import { describeMachine } from "./machine.js";

const TABLE = ["verifier", "server", "cli", "stores", "memory", "install", "probe"];
/** Have no rows: they print tables of their own. */
const LONG = ["issue", "keychain", "instructions", "files-entered"];
const here = fileURLToPath(new URL(".", import.meta.url));

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { long: { type: "boolean" }, json: { type: "string" } },
});
const all = [...TABLE, ...(values.long ? LONG : [])];
const unknown = positionals.find((name) => ![...TABLE, ...LONG].includes(name));
if (unknown !== undefined) {
  console.error(`error: no benchmark ${unknown}\nhint: choose from ${[...TABLE, ...LONG].join(", ")}`);
  process.exit(1);
}

if (!existsSync(`${here}peers/node_modules`)) {
  console.log("installing bench/peers (takes a few minutes)");
  const { status } = spawnSync("npm", ["ci"], { cwd: `${here}peers`, stdio: ["ignore", "ignore", "inherit"] });
  if (status !== 0) console.log("bench/peers could not be installed; comparisons are skipped");
}

const machine = describeMachine();
const started = performance.now();
const rows = [];
const failed = [];
for (const name of positionals.length > 0 ? positionals : all) {
  const result = await run(name);
  if (result === null) failed.push(name);
  else rows.push(...result);
}
const minutes = (performance.now() - started) / 60_000;

printTable(
  `${machine.cpu}, ${machine.cores} cores, ${machine.memory}, ${machine.os}, Node ${machine.node}, load ${machine.load}`,
  ["what", "peer", "ours", "ratio", "goal", ""],
  rows.map(({ what, peer, ours, ratio, goal, met }) => [what, peer, ours, ratio, goal, met === false ? "missed" : ""]),
);
console.log(`\n${minutes.toFixed(1)} minutes${failed.length > 0 ? `; failed: ${failed.join(", ")}` : ""}`);
const file = values.json ?? (positionals.length > 0 ? undefined : `${here}results.json`);
if (file !== undefined) {
  const result = { machine, minutes: Number(minutes.toFixed(1)), long: values.long === true, failed, rows };
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
}

/** Resolves with the rows of a benchmark, empty if it has none, or `null` if it failed. */
function run(name) {
  return new Promise((resolve) => {
    let sent = [];
    process.stderr.write(`${name} …\n`);
    const child = fork(`${here}one.js`, [name, ...(values.long ? ["--long"] : [])], {
      execArgv: ["--expose-gc", "--max-old-space-size=4096"],
    });
    child.on("message", (rows) => (sent = rows));
    child.on("exit", (status) => resolve(status === 0 ? sent : null));
  });
}
