/**
 * Counts the source files that one accepted request enters: those with a function that runs, by V8's precise coverage. The
 * server is plain node:http with `guardNode`, run from `src`, each file compiled on its own. Goal: at most 16 files.
 */
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { Session } from "node:inspector/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { tmpdir } from "node:os";
import { transform } from "esbuild";
import { printTable } from "./figures.js";

const GOAL = 16;
const WARM_UP = 50;
const ROOT = fileURLToPath(new URL("..", import.meta.url));
const SESSION = { "mcp-session-id": "0b7c1d1e-1d0a-4b0e-9f7e-3c1a2b3c4d5e", "mcp-protocol-version": "2025-11-25" };
/** Requests of a client: the first, which may open a session, and a later one. */
const CASES = { "request that may open a session": {}, "request in a session": SESSION };

const folder = await mkdtemp(join(tmpdir(), "mcp-keys-bench-"));
try {
  await compile(join(ROOT, "src"), join(folder, "src"));
  await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"));
  await measure();
} finally {
  await rm(folder, { recursive: true });
}

async function measure() {
  const { guard, token, close } = await createKeyedGuard();
  const server = createServer((request, response) => guard(request, response, () => response.end("ok")));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const send = async (headers) => {
    const url = `http://127.0.0.1:${server.address().port}/mcp`;
    const response = await fetch(url, { method: "POST", headers: { authorization: `Bearer ${token}`, ...headers } });
    if ((await response.text()) !== "ok") throw new Error(`answered ${response.status}`);
  };
  for (const [name, headers] of Object.entries(CASES)) {
    for (let i = 0; i < WARM_UP; i++) await send(headers);
    const files = await filesEntered(() => send(headers));
    printTable(
      `Source files entered by one accepted ${name}; goal: at most ${GOAL}`,
      ["file", "functions"],
      [...files, ["all", files.length]],
    );
  }
  server.close();
  await close();
}

/** On a file store, as in production. Polls rarely, to keep the store out of the count. */
async function createKeyedGuard() {
  const { createKeys, createVerifier, guardNode, openStore } = await load("index.js");
  const store = await openStore(`file:${join(folder, "keys.jsonl")}`);
  const { token } = await createKeys({ store, by: "bench@here" }).generate({ name: "ci", expiresAt: null });
  const verifier = await createVerifier({ store, pollEvery: 3600, flushEvery: 3600, maxStaleness: 86_400 });
  const close = async () => {
    await verifier.close();
    await store.close();
  };
  return { guard: guardNode(verifier), token: token.reveal(), close };
}

/** Returns each file below `src` that `run` enters, with the number of its functions that ran. */
async function filesEntered(run) {
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: false });
  await session.post("Profiler.takePreciseCoverage");
  await run();
  const { result } = await session.post("Profiler.takePreciseCoverage");
  await session.post("Profiler.stopPreciseCoverage");
  session.disconnect();
  const root = pathToFileURL(join(folder, "src/")).href;
  return result
    .filter(({ url }) => url.startsWith(root))
    .map(({ url, functions }) => [
      relative(root, url).replace(/js$/, "ts"),
      functions.filter(({ ranges }) => ranges[0].count > 0).length,
    ])
    .filter(([, count]) => count > 0)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Compiles each file on its own, in the same layout, with imports of `.ts` turned into `.js`. */
async function compile(from, to) {
  for (const entry of await readdir(from, { recursive: true, withFileTypes: true })) {
    if (!entry.name.endsWith(".ts")) continue;
    const path = join(entry.parentPath, entry.name);
    const { code } = await transform(await readFile(path, "utf8"), { loader: "ts", format: "esm", target: "node20" });
    const out = join(to, relative(from, path)).replace(/ts$/, "js");
    await mkdir(dirname(out), { recursive: true });
    await writeFile(out, code.replaceAll(/((?:from|import)\s*\(?\s*"\.[^"]*)\.ts"/g, '$1.js"'));
  }
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
}

function load(file) {
  return import(pathToFileURL(join(folder, "src", file)).href);
}
