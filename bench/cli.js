/** Compares commands with a bare `node -e 0`, in time and memory. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { interleave, median, printTable } from "./figures.js";
import { timed } from "./process.js";
import { row } from "./rows.js";

const BIN = fileURLToPath(new URL("../bin/mcp-keys.js", import.meta.url));
const dir = mkdtempSync(join(tmpdir(), "mcp-keys-bench-"));
const env = { ...process.env, HOME: dir, MCP_KEYS_STORE: `file:${join(dir, "keys.jsonl")}` };
// Node 20 reads extra certificates at startup, which doubles or triples the time of every process, bare node included.
const { NODE_EXTRA_CA_CERTS: certificates, ...plain } = env;
const keysOf = (args, input = "") =>
  spawnSync(process.execPath, [BIN, ...args], { env, input, encoding: "utf8" }).stdout;

const BARE = "node -e 0";

export async function rows({ long, rounds = long ? 21 : 11 }) {
  for (let i = 0; i < 9; i++) keysOf(["generate", `key-${i}`]);
  const token = keysOf(["generate", "ci"]);
  const server = await startServer(token.trim());
  let issued = 0;
  const cases = [
    { name: BARE, argv: () => ["-e", "0"] },
    { name: "--version", goal: 1.4, argv: () => [BIN, "--version"] },
    { name: "--help", goal: 1.4, argv: () => [BIN, "--help"] },
    {
      ...{ name: "completion of a key's name", goal: 1.5, stdin: "show\nkey" },
      argv: () => [BIN, "completion", "bash", "--complete"],
    },
    { name: "list", goal: 1.8, argv: () => [BIN, "list"] },
    { name: "check", goal: 1.8, argv: () => [BIN, "check"] },
    { name: "generate", goal: 1.8, argv: () => [BIN, "generate", `new-${issued++}`] },
    { name: "rotate", goal: 1.8, argv: () => [BIN, "rotate", "key-1"] },
    { name: "verify", goal: 2.2, argv: () => [BIN, "verify", server.url] },
  ];
  if (long && certificates !== undefined) await compare("with the extra certificates of this environment", env);
  const series = await compare("without extra certificates", plain);
  server.close();
  rmSync(dir, { recursive: true });
  const bare = Math.min(...series.get(BARE));
  return cases.slice(1).map(({ name, goal }) => {
    const ours = Math.min(...series.get(name));
    const what = `mcp-keys ${name}; peer: ${BARE}`;
    return row({ what, peer: bare, ours, unit: "ms", ratio: ours / bare, goal: `<= ${goal}` });
  });

  async function compare(title, env) {
    const runs = cases.map(({ name, argv, stdin = token }) => ({ name, run: () => timed(argv(), env, stdin) }));
    const series = await interleave(runs, rounds);
    const base = series.get(BARE);
    if (!long) return series;
    printTable(
      `CLI against bare node, ${title}, one interleaved run of ${rounds} rounds`,
      ["command", "ms median", "ms least", "times node", "least by least", "goal", "peak MiB"],
      cases.map(({ name, goal = "", argv }) => [
        name,
        median(series.get(name)).toFixed(1),
        Math.min(...series.get(name)).toFixed(1),
        median(series.get(name).map((ms, round) => ms / base[round])).toFixed(2),
        (Math.min(...series.get(name)) / Math.min(...base)).toFixed(2),
        goal,
        peak(argv(), env, token),
      ]),
    );
    return series;
  }
}

/** Peak memory as the process reports it on exit, in a separate run. */
function peak(argv, env, token) {
  const report = "process.on('exit',()=>require('fs').writeSync(3,String(process.resourceUsage().maxRSS)))";
  const preload = join(dir, "peak.cjs");
  spawnSync("sh", ["-c", `printf %s "$REPORT" > "$FILE"`], { env: { ...env, REPORT: report, FILE: preload } });
  // spawnSync blocks the server, so `verify` runs without one here.
  const run = spawnSync(process.execPath, ["--require", preload, ...argv], {
    env,
    input: token,
    stdio: ["pipe", "ignore", "ignore", "pipe"],
    timeout: 15_000,
  });
  return (Number(run.output[3]?.toString()) / 1024).toFixed(0);
}

/** A minimal MCP server that accepts one token, to measure the command and not the server. */
function startServer(good) {
  const answers = {
    "server/discover": { resultType: "complete", supportedVersions: ["2026-07-28"], capabilities: { tools: {} } },
    "tools/list": { resultType: "complete", tools: [] },
  };
  const http = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => (body += chunk));
    request.on("end", () => {
      if (request.headers.authorization !== `Bearer ${good}`) {
        response.writeHead(401, { "www-authenticate": 'Bearer realm="mcp"' }).end();
        return;
      }
      const { id, method } = JSON.parse(body);
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ jsonrpc: "2.0", id, result: answers[method] }));
    });
  });
  return new Promise((resolve) => {
    http.listen(0, "127.0.0.1", () =>
      resolve({ url: `http://127.0.0.1:${http.address().port}/mcp`, close: () => http.close() }),
    );
  });
}
