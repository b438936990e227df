import { readFileSync } from "node:fs";
import { Script } from "node:vm";
import { findCacheFolder } from "./cache-folder.ts";
import { type CompiledFile, readCodeCache, writeCodeCache } from "./code-cache.ts";

/**
 * Starts the CLI: `bin/mcp-keys.js` loads this file, and the build puts the others into a few files of parts. Each run compiles only the
 * files that it needs, or takes them from the cache of compiled code, which the first run of each command writes.
 */

/** The files, where in this list the file of each part is, and a name for this build. Defined by `scripts/pack-cli.js`. */
declare const __FILES__: readonly string[];
declare const __FILE_OF__: readonly number[];
declare const __BUILD__: string;

type Load = (id: number) => object;
type Part = (exports: object, define: unknown) => object | undefined;
interface Module {
  exports: object;
}
type File = (module: Module, require: unknown, path: string, load: Load, toModule: unknown, importer: unknown) => void;

const requireModule: (name: string) => unknown = require;
const parts: Record<number, Part> = {};
const loaded: object[] = [];
const scripts = new Map<string, { script: Script; source: Uint8Array }>();
const uid = process.getuid?.() === process.geteuid?.() ? (process.getuid?.() ?? null) : null;
const folder = findCacheFolder(process.env, process.platform, uid);
// Without the flag `i`, for which a regular expression loads tables of Unicode.
const word = /^[A-Za-z-]{1,20}$/.exec(process.argv[2] ?? "")?.[0] ?? "other";
const { v8_enable_pointer_compression: small } = process.config.variables as { v8_enable_pointer_compression?: number };
// There are two builds of the same Node, and V8 may not tell their code apart.
const machine = `${process.version}-${process.arch}${small === 1 ? "-small" : ""}`;
const cacheName = `${__BUILD__}-${machine}-${word}`;
const cache = folder === null ? new Map<string, CompiledFile>() : readCodeCache(folder, cacheName);
let isComplete = true;

if (folder !== null) {
  process.on("exit", (status) => {
    if (isComplete || status !== 0) return;
    const compile = () =>
      [...scripts].map(([name, { script, source }]) => [name, { source, code: script.createCachedData() }] as const);
    writeCodeCache(folder, cacheName, () => new Map([...cache, ...compile()]), process.pid, Date.now());
  });
}
load(0);

function load(id: number): object {
  const known = loaded[id];
  if (known !== undefined) return known;
  if (parts[id] === undefined) Object.assign(parts, compile(__FILES__[__FILE_OF__[id] ?? 0] ?? ""));
  const exports = {};
  return (loaded[id] = parts[id]?.(exports, defineExports) ?? exports);
}

function compile(name: string): object {
  const path = `${__dirname}/${name}`;
  const source = readFileSync(path);
  const cached = cache.get(name);
  const cachedData = cached !== undefined && source.equals(cached.source) ? cached.code : undefined;
  // The build writes ASCII only. Latin-1 needs no check of each byte.
  const text = source.toString("latin1");
  const script = new Script(name.endsWith(".js") ? fromModule(text) : text, {
    filename: path,
    ...(cachedData !== undefined && { cachedData }),
  });
  // V8 rejects the code of another version of V8, and of other flags.
  if (cachedData === undefined || script.cachedDataRejected === true) isComplete = false;
  scripts.set(name, { script, source });
  const module = { exports: {} };
  (script.runInThisContext() as File)(module, require, path, load, toModule, importModule);
  return module.exports;
}

/**
 * Makes a script of a module that the library uses too: in the first line is a comment with what stands for the imports in the second,
 * and in the last line are the exports.
 */
function fromModule(text: string): string {
  const imports = text.indexOf("\n");
  const code = text.indexOf("\n", imports + 1);
  const exports = text.lastIndexOf("export{");
  const list = text.slice(exports + "export".length, text.lastIndexOf(";")).replace(/([\w$]+) as ([\w$]+)/g, "$2:$1");
  return `${text.slice(2, imports)}\n${text.slice(code, exports)}return${list}}}})`;
}

function defineExports(exports: object, getters: Record<string, () => unknown>): void {
  for (const [name, get] of Object.entries(getters)) Object.defineProperty(exports, name, { get, enumerable: true });
}

/** Imports a built-in module or an optional package. Node's loader of ES modules takes longer to load than `node:http`. */
async function importModule(name: string): Promise<unknown> {
  return name.startsWith("node:") ? toModule(requireModule(name) as object) : ((await import(name)) as unknown);
}

/** Returns a built-in module as an ES module imports it. */
function toModule(module: object): object {
  return Object.create(module, { default: { value: module } }) as object;
}
