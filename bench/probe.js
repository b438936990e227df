/**
 * How many requests `mcp-keys test` sends to correct servers of unlike makes, and how long it takes: at the default rate and at
 * `--rate 200`. Bundles the servers of `test/probe/makes`; those that need a program that is not installed are left out.
 */
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { printTable } from "./figures.js";
import { row } from "./rows.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const NAMES = ["index", "probe-made", "programs"];
/** Requests, and seconds at the default rate and at `--rate 200`. */
const GOALS = { requests: 160, slow: 8, fast: 2 };

export async function rows({ long }) {
  const { MAKES, probeMade, ENV } = await load();
  const isThere = (program) => program === undefined || spawnSync(program, ["-h"], { env: ENV }).error === undefined;
  const makes = MAKES.filter(({ needs }) => isThere(needs));
  // The goals are for servers without sessions.
  const simple = makes.filter(({ name }) => /SDK without sessions/.test(name));
  const results = [];
  for (const make of long ? makes : simple) {
    const [slow, fast] = [await probe(make, probeMade, 20), await probe(make, probeMade, 200)];
    results.push({ name: make.name, slow, fast });
  }
  if (long) print(results);
  return results
    .filter(({ name }) => simple.some((each) => each.name === name))
    .flatMap(({ name, slow, fast }) => [
      row({ what: `mcp-keys test, ${name}`, ours: slow.requests, unit: "requests", goal: `<= ${GOALS.requests}` }),
      row({ what: `mcp-keys test, ${name}`, ours: slow.seconds, unit: "s", goal: `<= ${GOALS.slow}` }),
      row({ what: `mcp-keys test --rate 200, ${name}`, ours: fast.seconds, unit: "s", goal: `<= ${GOALS.fast}` }),
    ]);
}

async function load() {
  // Inside the project, so that the bundle finds the packages.
  const outfile = `${root}dist.probe-bench.mjs`;
  const makes = `${root}test/probe/makes`;
  await build({
    stdin: {
      contents: NAMES.map((name) => `export * from ${JSON.stringify(`${makes}/${name}.ts`)};`).join("\n"),
      resolveDir: root,
    },
    ...{ bundle: true, format: "esm", platform: "node", packages: "external", logLevel: "error", outfile },
    define: { "import.meta.dirname": JSON.stringify(makes), __VERSION__: '"0.0.0"' },
  });
  return import(outfile).finally(() => rmSync(outfile));
}

async function probe(make, probeMade, rate) {
  const server = await make.start(false);
  const started = performance.now();
  const { sent, result, grade } = await probeMade(server, rate);
  const seconds = (performance.now() - started) / 1000;
  await server.close();
  return { ...sent, result, grade, seconds };
}

function print(results) {
  printTable(
    "mcp-keys test, of correct servers",
    ["a server", "result", "requests", "without the key", "s", "s at --rate 200"],
    results.map(({ name, slow, fast }) => [
      ...[name, `${slow.result}, ${slow.grade ?? "no grade"}`, slow.requests, slow.wrong],
      ...[slow.seconds.toFixed(1), fast.seconds.toFixed(1)],
    ]),
  );
}
