import { readFileSync } from "node:fs";
import { Script } from "node:vm";
import { findCacheFolder } from "./cache-folder.ts";
import { readCodeCache, writeCodeCache } from "./code-cache.ts";

/**
 * Starts the CLI: `bin/mcp-keys.js` loads this file, and the build puts the others into a few files of parts. Each run compiles only the
 * files that it needs, or takes them from the cache of compiled code, which the first run of each command writes.
 */

/** The files, where in this list the file of each part is, and a name for this build. Defined by `scripts/pack-cli.js`. */
declare const __FILES__: readonly string[];
declare const __FILE_OF__: readonly number[];
declare const __BUILD__: string;

type Load = (id: number) => object;
type Part = (exports: object, load: Load, define: unknown, toModule: unknown, importer: unknown) => void;
type File = (module: { exports: object }, require: NodeJS.Require, path: string) => void;

const parts: Record<number, Part> = {};
const loaded: object[] = [];
const scripts = new Map<string, Script>();
const uid = process.getuid?.() === process.geteuid?.() ? (process.getuid?.() ?? null) : null;
const folder = findCacheFolder(process.env, process.platform, uid);
const word = /^[a-z-]{1,20}$/i.exec(process.argv[2] ?? "")?.[0] ?? "other";
const cacheName = `${__BUILD__}-${process.version}-${process.arch}-${word}`;
const cache = folder === null ? new Map<string, Uint8Array>() : readCodeCache(folder, cacheName);
let isComplete = true;

if (folder !== null) {
  process.on("exit", (status) => {
    if (isComplete || status !== 0) return;
    const compiled = [...scripts].map(([name, script]) => [name, script.createCachedData()] as const);
    writeCodeCache(folder, cacheName, new Map([...cache, ...compiled]), process.pid, Date.now());
  });
}
load(0);

function load(id: number): object {
  const known = loaded[id];
  if (known !== undefined) return known;
  if (parts[id] === undefined) Object.assign(parts, compile(__FILES__[__FILE_OF__[id] ?? 0] ?? ""));
  const exports = {};
  parts[id]?.(exports, load, defineExports, toModule, importModule);
  return (loaded[id] = exports);
}

function compile(name: string): object {
  const path = `${__dirname}/${name}`;
  const cached = cache.get(name);
  const script = new Script(readFileSync(path, "utf8"), {
    filename: path,
    ...(cached !== undefined && { cachedData: cached }),
  });
  // V8 rejects the code of another version of V8, and of other flags.
  if (cached === undefined || script.cachedDataRejected === true) isComplete = false;
  scripts.set(name, script);
  const module = { exports: {} };
  (script.runInThisContext() as File)(module, require, path);
  return module.exports;
}

function defineExports(exports: object, getters: Record<string, () => unknown>): void {
  for (const [name, get] of Object.entries(getters)) Object.defineProperty(exports, name, { get, enumerable: true });
}

/** Imports a built-in module or an optional package. Node's loader of ES modules takes longer to load than `node:http`. */
async function importModule(name: string): Promise<unknown> {
  return name.startsWith("node:") ? toModule(require(name) as object) : ((await import(name)) as unknown);
}

/** Returns a built-in module as an ES module imports it. */
function toModule(module: object): object {
  return Object.create(module, { default: { value: module } }) as object;
}
