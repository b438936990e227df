// Bundles src into dist. The type declarations come from tsc, see `npm run build`.
//   node scripts/build.js           replaces files in dist one by one; a process that runs from dist keeps running
//   node scripts/build.js --clean   empties dist first, for publishing
import { mkdir, readFile, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { build, transform } from "esbuild";

const root = resolve(import.meta.dirname, "..");
const dist = join(root, "dist");
const KEEP_CHUNKS_MS = 10 * 60_000;
// Chunks with short names of functions and variables: parsers, prompts, and commands that people run by hand.
const SHORT_NAMES = /chunks.(doctor|init|install|prompts|scan)-/;

const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
const common = {
  absWorkingDir: root,
  outdir: "dist",
  bundle: true,
  splitting: true, // prompts and the probe load on first use
  format: "esm",
  platform: "node",
  target: "node20.17",
  mainFields: ["module", "main"], // the CommonJS of jsonc-parser cannot be bundled
  external: ["keytar", "@napi-rs/keyring", "pg"], // native or optional: loaded at run time
  define: { __VERSION__: JSON.stringify(version) },
  legalComments: "none", // the full texts are in THIRD-PARTY-LICENSES.txt
  metafile: true,
  write: false,
};
const library = { ...common, entryPoints: { index: "src/index.ts" }, chunkNames: "chunks/[name]-[hash]" };
const cli = {
  ...common,
  entryPoints: { "cli/main": "src/cli/main.ts" },
  chunkNames: "cli/chunks/[name]-[hash]",
  outExtension: { ".js": ".cjs" },
  plugins: [{ name: "start", setup: startFaster }],
};
// The child process that talks to the keychain. Its engines are not bundled.
const keychain = {
  ...common,
  entryPoints: { "keychain/child": "src/stores/keychain/child-program.ts" },
  splitting: false,
  format: "cjs",
  outExtension: { ".js": ".cjs" },
};
const built = await Promise.all([build(library), build(cli), build(keychain)]).catch(() => process.exit(1)); // esbuild has printed the error

const [esm, cjs, child] = built.map(({ outputFiles }) =>
  outputFiles.map(({ path, text }) => [relative(dist, path), text]),
);
const programs = [...child, ...joinChunks(await Promise.all(cjs.map(toCommonJs)))];
const files = new Map(await Promise.all([...esm, ...programs].map(compact)));
files.set("THIRD-PARTY-LICENSES.txt", await licences(bundledPackages()));

if (process.argv.includes("--clean")) await rm(dist, { recursive: true, force: true });
// Chunks are written before the files that import them. The rename makes each appear whole.
const isChunk = (/** @type {string} */ name) => name.includes("chunks");
for (const [name, text] of [...files].sort(([a], [b]) => Number(isChunk(b)) - Number(isChunk(a)))) {
  const path = join(dist, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.${process.pid}`, text);
  await rename(`${path}.${process.pid}`, path);
}
await removeOldChunks();

/** Removes work that packages do on load and we never need: commander loads child_process, chalk inspects the terminal. */
function startFaster(/** @type {import("esbuild").PluginBuild} */ { onResolve, onLoad }) {
  const nothing = { path: "no-colours", namespace: "start" };
  // The same code as for Node, but as ES modules: what is not used is left out.
  onResolve({ filter: /^yaml$/ }, () => ({ path: join(root, "node_modules/yaml/browser/index.js") }));
  onResolve({ filter: /^#supports-color$/ }, () => nothing); // `render.ts` always sets the number of colours
  onLoad({ filter: /^no-colours$/, namespace: "start" }, () => ({ contents: "export default {};" }));
  onLoad({ filter: /[\\/]commander[\\/]lib[\\/]command\.js$/ }, async ({ path }) => {
    const text = await readFile(path, "utf8");
    const eager = "const childProcess = require('node:child_process');";
    if (!text.includes(eager)) throw new Error("commander no longer loads node:child_process as expected");
    return { contents: text.replace(eager, "const childProcess = null; // we have no executable subcommands") };
  });
}

/**
 * Converts the CLI to CommonJS, which starts in two thirds of the time of ES modules: Node 20 sets up no loader and does not read
 * every export of a built-in module. Each built-in module loads on first use.
 */
async function toCommonJs(/** @type {string[]} */ [name, text]) {
  const own = text
    .replace(/\bimport\("(\.[^"]+)"\)/g, `Promise.resolve().then(() => require("$1"))`)
    .replaceAll("import.meta.url", "__filename"); // for `createRequire`, which accepts both
  const { code } = await transform(own, { format: "cjs", platform: "neutral", target: common.target });
  const names = [];
  const lazy = code.replace(/^var (import_\w+) = (.*require\("node:.*\));$/gm, (_, name, load) => {
    names.push(name);
    return `var ${name}$;\nvar ${name} = () => (${name}$ ??= ${load});`;
  });
  return [name, names.reduce((all, each) => all.replaceAll(`${each}.`, `(${each}()).`), lazy)];
}

/** Inlines the chunks that `main.cjs` needs at start, and shares them with the other chunks: each file costs a millisecond. */
function joinChunks(/** @type {string[][]} */ files) {
  const pattern = /^var \w+ = (require\("\.[^"]*?(chunk-\w+)\.cjs"\));$/gm;
  const texts = new Map(files.map(([name, text]) => [/** @type {string} */ (name), text]));
  const main = join("cli", "main.cjs");
  const shared = new Map();
  const collect = (/** @type {string} */ text) => {
    for (const [, , chunk] of text.matchAll(pattern)) {
      const name = join("cli", "chunks", `${chunk}.cjs`);
      if (shared.has(chunk)) continue;
      collect(texts.get(name));
      shared.set(chunk, texts.get(name));
      texts.delete(name);
    }
  };
  collect(texts.get(main));
  const link = (/** @type {string} */ text, /** @type {string} */ from) =>
    text.replace(pattern, (line, load, chunk) =>
      shared.has(chunk) ? line.replace(load, `${from}["${chunk}"]`) : line,
    );
  for (const [name, text] of texts)
    texts.set(name, link(text, name === main ? "shared" : 'require("../main.cjs").shared'));
  // An inlined chunk names its neighbours, which stay in their folder.
  const moved = (/** @type {string} */ text) => text.replaceAll('=> require("./', '=> require("./chunks/');
  const parts = [...shared].map(
    ([chunk, text]) =>
      `(function (module) {\n${moved(link(text, "shared"))}\nshared["${chunk}"] = module.exports;\n})({});\n`,
  );
  texts.set(main, `"use strict";\nconst shared = (exports.shared = {});\n${parts.join("")}${texts.get(main)}`);
  return texts;
}

/** Removes comments and whitespace. Keeps names, and lines short enough to find a place in a stack trace. */
async function compact(/** @type {string[]} */ [name, text]) {
  const { code } = await transform(text, {
    ...{ platform: "neutral", target: common.target, legalComments: "none" },
    ...{ minifyWhitespace: true, minifySyntax: true, lineLimit: 500 },
    minifyIdentifiers: SHORT_NAMES.test(name),
  });
  return [name, code];
}

/** Returns the folders of all bundled packages. */
function bundledPackages() {
  const folders = new Set();
  for (const { inputs } of built.flatMap(({ metafile }) => Object.values(metafile.outputs))) {
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      const folder = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0];
      if (folder && bytesInOutput > 0) folders.add(folder);
    }
  }
  return [...folders].sort();
}

async function licences(/** @type {string[]} */ folders) {
  const parts = folders.map(async (folder) => {
    const { name, version, license } = JSON.parse(await readFile(join(root, folder, "package.json"), "utf8"));
    const file = (await readdir(join(root, folder))).find((entry) => /^licen[cs]e/i.test(entry));
    if (!file) throw new Error(`${name} has no licence text and cannot be bundled`);
    return `${name} ${version} (${license})\n\n${(await readFile(join(root, folder, file), "utf8")).trim()}\n`;
  });
  const rule = `\n${"-".repeat(80)}\n\n`;
  return ["mcp-keys contains these packages, or parts of them.\n", ...(await Promise.all(parts))].join(rule);
}

/** Removes chunks of earlier builds, except recent ones that a running process may still load. */
async function removeOldChunks() {
  for (const folder of ["chunks", join("cli", "chunks")]) {
    for (const name of await readdir(join(dist, folder)).catch(() => [])) {
      if (files.has(join(folder, name))) continue;
      const { mtimeMs } = await stat(join(dist, folder, name));
      if (Date.now() - mtimeMs > KEEP_CHUNKS_MS) await rm(join(dist, folder, name), { force: true });
    }
  }
}
