// Bundles src into dist. The declarations come from tsc: see `npm run build`.
//   node scripts/build.js           writes over what is there, so that a process that runs from dist goes on running
//   node scripts/build.js --clean   starts from nothing: what is packed and published
import { mkdir, readFile, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { build } from "esbuild";

const root = resolve(import.meta.dirname, "..");
const dist = join(root, "dist");
const KEEP_CHUNKS_MS = 10 * 60_000;

const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
const { outputFiles, metafile } = await build({
  absWorkingDir: root,
  entryPoints: { index: "src/index.ts", "cli/main": "src/cli/main.ts" },
  outdir: "dist",
  chunkNames: "chunks/[name]-[hash]",
  bundle: true,
  splitting: true, // prompts and stores load on first use
  format: "esm",
  platform: "node",
  target: "node20.17",
  external: ["keytar", "@napi-rs/keyring"], // native: the user's choice, looked for at run time
  define: { __VERSION__: JSON.stringify(version) },
  legalComments: "none", // the whole texts are in THIRD-PARTY-LICENSES.txt
  metafile: true,
  write: false,
}).catch(() => process.exit(1)); // it has said why

const files = new Map(outputFiles.map(({ path, text }) => [relative(dist, path), withRequire(text)]));
files.set("THIRD-PARTY-LICENSES.txt", await licences(bundledPackages()));

if (process.argv.includes("--clean")) await rm(dist, { recursive: true, force: true });
// Chunks before the files that import them; each appears whole or not at all.
const isChunk = (/** @type {string} */ name) => name.startsWith("chunks");
for (const [name, text] of [...files].sort(([a], [b]) => Number(isChunk(b)) - Number(isChunk(a)))) {
  const path = join(dist, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.${process.pid}`, text);
  await rename(`${path}.${process.pid}`, path);
}
await removeOldChunks();

/** CommonJS inside a bundle asks for `require`, which an ES module has not: give it to the one chunk that looks for it. */
function withRequire(/** @type {string} */ text) {
  if (!text.includes("typeof require")) return text;
  return `import { createRequire } from "node:module";\nconst require = createRequire(import.meta.url);\n${text}`;
}

/** Folders of the packages that have a byte in the bundle. */
function bundledPackages() {
  const folders = new Set();
  for (const { inputs } of Object.values(metafile.outputs)) {
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
    if (!file) throw new Error(`${name} has no licence text, so it may not be bundled`);
    return `${name} ${version} (${license})\n\n${(await readFile(join(root, folder, file), "utf8")).trim()}\n`;
  });
  const rule = `\n${"-".repeat(80)}\n\n`;
  return ["mcp-keys contains these packages, or parts of them.\n", ...(await Promise.all(parts))].join(rule);
}

/** Those of earlier builds, unless a process that started a moment ago may still import them. */
async function removeOldChunks() {
  const folder = join(dist, "chunks");
  for (const name of await readdir(folder).catch(() => [])) {
    if (files.has(join("chunks", name))) continue;
    const { mtimeMs } = await stat(join(folder, name));
    if (Date.now() - mtimeMs > KEEP_CHUNKS_MS) await rm(join(folder, name), { force: true });
  }
}
