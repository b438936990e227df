// Bundles src into dist. The type declarations come from tsc, see `npm run build`.
//   node scripts/build.js           replaces files in dist one by one; a process that runs from dist keeps running
//   node scripts/build.js --clean   empties dist first, for publishing
import { mkdir, readFile, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { build, transform } from "esbuild";
import { lightenPackages } from "./lighten-packages.js";
import { pack } from "./pack.js";

const root = resolve(import.meta.dirname, "..");
const dist = join(root, "dist");
const KEEP_CHUNKS_MS = 10 * 60_000;

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
// The library and the CLI in one, so that the package contains once what both use.
const program = {
  ...common,
  entryPoints: {
    ...{ index: "src/index.ts", testing: "src/testing.ts" },
    ...{ "cli/main": "src/cli/main.ts", "cli/fs-promises": "src/cli/start/fs-promises.ts" },
  },
  chunkNames: "chunks/[name]-[hash]",
  plugins: [lightenPackages(root)],
};
// The child process that talks to the keychain. Its engines are not bundled.
const keychain = {
  ...common,
  entryPoints: { "keychain/child": "src/stores/keychain/child-program.ts" },
  splitting: false,
  format: "cjs",
  outExtension: { ".js": ".cjs" },
};
const built = await Promise.all([build(program), build(keychain)]).catch(() => process.exit(1)); // esbuild has printed the error

const [all, child] = built;
const files = await pack(all, { minify: shorten, minifyModule: shortenModule, start: startProgram });
for (const { path, text } of child.outputFiles) files.set(relative(dist, path), await compact(text));
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

/** Builds the file that loads the others. */
async function startProgram(
  /** @type {string[]} */ names,
  /** @type {number[]} */ indexes,
  /** @type {string} */ buildName,
) {
  const values = { __FILES__: names, __FILE_OF__: indexes, __BUILD__: buildName };
  const define = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, JSON.stringify(value)]));
  const entryPoints = { start: "src/cli/start/start.ts" };
  const { outputFiles } = await build({ ...common, entryPoints, define, splitting: false, format: "cjs" });
  return compact(outputFiles[0].text, { minifyIdentifiers: true, lineLimit: 0 }); // names of files stay whole
}

/** Removes comments and whitespace. Keeps names, and lines short enough to find a place in a stack trace. */
async function compact(/** @type {string} */ text, options = {}) {
  const { code } = await transform(text, {
    ...{ platform: "neutral", target: common.target, legalComments: "none" },
    ...{ minifyWhitespace: true, minifySyntax: true, lineLimit: 500 },
    ...options,
  });
  return code;
}

/** Does the same, and shortens the names inside functions. A stack trace has the names of functions and methods. */
function shorten(/** @type {string} */ script) {
  return compact(script, { minifyIdentifiers: true });
}

/** Does the same for a module. esbuild keeps the outer names of scripts only, so imports and exports are set aside. */
async function shortenModule(/** @type {string} */ text) {
  /** @type {string[]} */
  const outer = [];
  const body = text
    .replace(/^(?:import (?:[^;"]* from )?"[^"]+"|export \{[^}]*\});\n/gm, (statement) => {
      outer.push(statement);
      return "";
    })
    .replaceAll("import.meta.url", "importMetaUrl");
  const script = (await shorten(body)).replaceAll("importMetaUrl", "import.meta.url");
  const isExport = (/** @type {string} */ statement) => statement.startsWith("export");
  const order = [...outer.filter((each) => !isExport(each)), script, ...outer.filter(isExport)];
  return order.map((each) => (each === script ? each : each.replace(/\s+/g, " ").trim() + "\n")).join("");
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

/** Returns each licence once, below the packages that have it. The lines with a copyright differ between packages. */
async function licences(/** @type {string[]} */ folders) {
  /** @type {Map<string, { packages: string[], text: string }>} */
  const all = new Map();
  for (const folder of folders) {
    const { name, version, license } = JSON.parse(await readFile(join(root, folder, "package.json"), "utf8"));
    const file = (await readdir(join(root, folder))).find((entry) => /^licen[cs]e/i.test(entry));
    if (!file) throw new Error(`${name} has no licence text and cannot be bundled`);
    const whole = (await readFile(join(root, folder, file), "utf8")).trim();
    const copyright = whole.match(/^ *(?:Copyright|\(c\)) .*$/gm) ?? [];
    const text = copyright
      .reduce((rest, line) => rest.replace(line, ""), whole)
      .trim()
      .replace(/\n{3,}/g, "\n\n");
    const key = text.replace(/\s+/g, " ");
    const { packages } = all.get(key) ?? all.set(key, { packages: [], text }).get(key);
    packages.push([`${name} ${version} (${license})`, ...copyright.map((line) => `  ${line.trim()}`)].join("\n"));
  }
  const rule = `\n\n${"-".repeat(80)}\n\n`;
  const parts = [...all.values()].map(({ packages, text }) => `${packages.join("\n")}\n\n${text}`);
  return `${["mcp-keys contains these packages, or parts of them.", ...parts].join(rule)}\n`;
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
