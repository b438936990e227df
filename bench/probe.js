/**
 * How many requests `mcp-keys test` sends to correct servers of unlike makes, and how long it takes: at the default rate and at
 * `--rate 200`. Bundles the servers of `test/probe/makes`; those that need a program that is not installed are left out.
 */
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { printTable } from "./figures.js";

const root = fileURLToPath(new URL("..", import.meta.url));
// Inside the project, so that the bundle finds the packages.
const outfile = `${root}dist.probe-bench.mjs`;
const makes = `${root}test/probe/makes`;
const names = ["index", "probe-made", "programs"];
await build({
  stdin: {
    contents: names.map((name) => `export * from ${JSON.stringify(`${makes}/${name}.ts`)};`).join("\n"),
    resolveDir: root,
  },
  ...{ bundle: true, format: "esm", platform: "node", packages: "external", logLevel: "error", outfile },
  define: { "import.meta.dirname": JSON.stringify(makes), __VERSION__: '"0.0.0"' },
});
const { MAKES, probeMade, ENV } = await import(outfile).finally(() => rmSync(outfile));

const isThere = (program) => program === undefined || spawnSync(program, ["-h"], { env: ENV }).error === undefined;
const rows = [];
for (const make of MAKES.filter(({ needs }) => isThere(needs))) {
  const runs = [];
  for (const rate of [20, 200]) {
    const server = await make.start(false);
    const started = performance.now();
    const { sent, result, grade } = await probeMade(server, rate);
    runs.push({ ...sent, result, grade, seconds: ((performance.now() - started) / 1000).toFixed(1) });
    await server.close();
  }
  const [slow, fast] = runs;
  rows.push([
    make.name,
    `${slow.result}, ${slow.grade ?? "no grade"}`,
    slow.requests,
    slow.wrong,
    slow.seconds,
    fast.seconds,
  ]);
}
printTable(
  "mcp-keys test, of correct servers",
  ["a server", "result", "requests", "without the key", "s", "s at --rate 200"],
  rows,
);
