// Packs the CLI into a few CommonJS files. CommonJS starts in two thirds of the time of ES modules: Node 20 sets up no loader and
// does not read every export of a built-in module. Each file costs half a millisecond, and so do 30 kB that a command does not need.
import { createHash } from "node:crypto";
import { basename } from "node:path";
import { transform } from "esbuild";

/** The file of parts that every command loads. */
const MAIN = "common";
/**
 * Entry points that share a file, because a run that needs one needs the others. What several files need is in the first of them. The
 * other entry points have a file each.
 */
const FILES = {
  [MAIN]: ["cli/main.ts", "cli/run-command.ts"],
  "file-store": ["cli/lazy/store.ts"],
  keys: ["cli/lazy/keys.ts"],
  generate: ["cli/commands/generate.ts"],
  verify: [
    ...["cli/commands/verify.ts", "probe/verify/verify.ts", "http/client.ts"],
    ...["probe/mcp/server-url.ts", "probe/verify/find-header.ts"],
  ],
  test: ["cli/commands/test.ts"],
  checks: ["cli/test/run.ts", "cli/test/list.ts", "cli/test/spawn.ts", "probe/probe.ts", "probe/stdio/probe.ts"],
  store: ["cli/commands/store.ts"],
  uses: ["cli/commands/uses.ts"],
  clients: ["cli/lazy/clients.ts"],
  keychain: ["stores/keychain.ts"],
  ...Object.fromEntries(
    ["completion", "doctor", "init", "scan"].map((name) => [name, [`cli/commands/${name}.ts`, `cli/lazy/${name}.ts`]]),
  ),
};
/** Files with short names of functions too: parsers, prompts, and commands that people run by hand. */
const SHORT_NAMES = ["clients", "doctor", "init", "install", "prompts", "scan"];
/** What so many commands share is in the main file, and so is what a command shares if it has less than so many bytes for each. */
const COMMON = 6;
const SMALL = 1_000;

/** @typedef {{ id: number, entry: string | undefined, imports: string[], text: string }} Part */

/**
 * Returns the files below `dist/cli`, by name.
 * @param {import("esbuild").BuildResult} built - ES modules, with a metafile; `cli/main.ts` starts the program
 * @param {(script: string) => Promise<string>} minify
 * @param {(files: string[], indexes: number[], build: string) => Promise<string>} start - returns `main.cjs`, from the names of the
 * files, where in this list the file of each part is, and a name for this build
 * @returns {Promise<Map<string, string>>}
 */
export async function packCli(built, minify, start) {
  const parts = readParts(built);
  const homes = chooseFiles(parts);
  /** @type {Map<string, string[]>} */
  const contents = new Map();
  for (const [path, part] of parts) {
    const code = await minify(await toCommonJs(part.text, parts));
    // Without parentheses around the function, V8 compiles only the parts that a command uses.
    const text = `${part.id}:function(exports,load,define,toESM,importModule){${code.trim()}\n}`;
    contents.set(homes.get(path), [...(contents.get(homes.get(path)) ?? []), text]);
  }
  const files = new Map();
  const names = new Map();
  for (const [home, texts] of contents) {
    const whole = `"use strict";module.exports={\n${texts.join(",\n")}\n};\n`;
    const script = SHORT_NAMES.includes(home) ? await minify(whole) : whole;
    const text = `(function(module,require,__filename){${script}})\n`;
    if (!/^[\0-\x7f]*$/.test(text)) throw new Error(`${home} must be ASCII: \`start.ts\` reads it as Latin-1`);
    names.set(home, `chunks/${home}-${digest(text)}.cjs`);
    files.set(names.get(home), text);
  }
  const all = [...names.values()];
  const indexes = [...parts.keys()].map((path) => all.indexOf(names.get(homes.get(path))));
  return files.set("main.cjs", await start(all, indexes, digest(all.join())));
}

function digest(/** @type {string} */ text) {
  return createHash("sha256").update(text).digest("hex").slice(0, 8);
}

/** Returns the outputs of esbuild by their paths, `cli/main.ts` first. */
function readParts({ metafile, outputFiles }) {
  const texts = new Map(outputFiles.map(({ path, text }) => [basename(path), text]));
  const outputs = Object.entries(metafile.outputs).map(([path, { entryPoint, imports }]) => ({
    path,
    entry: entryPoint?.replace("src/", ""),
    imports: imports.filter(({ kind, external }) => kind === "import-statement" && !external).map((each) => each.path),
    text: texts.get(basename(path)),
  }));
  outputs.sort((a, b) => Number(b.entry === FILES[MAIN][0]) - Number(a.entry === FILES[MAIN][0]));
  return new Map(outputs.map(({ path, ...part }, id) => [path, { id, ...part }]));
}

/**
 * Returns the file of each part: the first in the table that needs it, or the file of the entry point that needs it alone.
 * @param {Map<string, Part>} parts
 */
function chooseFiles(parts) {
  const tabled = new Map(Object.entries(FILES).flatMap(([file, entries]) => entries.map((entry) => [entry, file])));
  const entryPaths = new Map([...parts].flatMap(([path, { entry }]) => (entry === undefined ? [] : [[entry, path]])));
  /** @type {Map<string, string[]>} */
  const users = new Map();
  const visit = (path, entry) => {
    const known = users.get(path) ?? [];
    if (known.includes(entry)) return;
    users.set(path, [...known, entry]);
    for (const each of parts.get(path).imports) visit(each, entry);
  };
  for (const entry of new Set([...tabled.keys(), ...[...entryPaths.keys()].sort()])) {
    if (!entryPaths.has(entry)) throw new Error(`${entry} is no entry point of the CLI`);
    visit(entryPaths.get(entry), entry);
  }
  const chosen = [...users].map(([path, entries]) => {
    const commands = entries.filter((entry) => entry.startsWith("cli/commands/"));
    const [first = entries[0]] = entries.filter((entry) => !commands.includes(entry));
    if (parts.get(path).entry !== undefined) return [path, fileOf(parts.get(path).entry)];
    const isSmall = parts.get(path).text.length < SMALL * commands.length;
    if (commands.length >= COMMON || (isSmall && entries.length > 1)) return [path, MAIN];
    const home = entries.find((entry) => tabled.has(entry));
    if (home !== undefined) return [path, tabled.get(home)];
    return [path, commands.length > 1 ? MAIN : fileOf(first)];
  });
  return new Map(chosen);

  function fileOf(entry) {
    if (!tabled.has(entry) && Object.hasOwn(FILES, nameOf(entry))) throw new Error(`${entry} needs another name`);
    return tabled.get(entry) ?? nameOf(entry);
  }
}

/** Returns `list` for `cli/commands/list.ts`, and `stores-env` for `stores/env.ts`. */
function nameOf(/** @type {string} */ entry) {
  return entry
    .replace(/^cli\/(commands|lazy|terminal)?\/?/, "")
    .replace(/\.ts$/, "")
    .replaceAll("/", "-");
}

/** Converts a part to a script with the parameters of `cli/start/start.ts`. Each built-in module loads on first use. */
async function toCommonJs(/** @type {string} */ text, /** @type {Map<string, Part>} */ parts) {
  const ids = new Map([...parts].map(([path, { id }]) => [basename(path, ".js"), id]));
  const own = text
    .replace(/\bimport\("\.[^"]*?([\w-]+)\.js"\)/g, (_, name) => `Promise.resolve(${ids.get(name)}).then(load)`)
    .replace(/\bimport\("((?:node:|@)?[a-z][^"./]*(?:\/[^"./]+)?)"\)/g, 'importModule("$1")') // a script cannot import without a warning
    .replaceAll("import.meta.url", "__filename") // for `createRequire`, which accepts both
    .replaceAll(/"[^"]*node_modules\/([^"]+)"\(/g, '"$1"('); // a path of this machine
  const { code } = await transform(own, { format: "cjs", platform: "neutral", target: "node20.17" });
  const names = [];
  const script = code
    .replace(/^[^]*?\n?(var stdin_exports = \{\};\n|(?=var import_))/, "")
    .replace("__export(stdin_exports,", "define(exports,")
    .replace("module.exports = __toCommonJS(stdin_exports);\n", "")
    .replaceAll("__toESM(require(", "toESM(require(")
    .replace(/^var (import_\w+) = require\("\.[^"]*?([\w-]+)\.js"\);$/gm, (_, name, chunk) => {
      names.push([`${name}.`, `$${ids.get(chunk)}.`]);
      return `var $${ids.get(chunk)} = load(${ids.get(chunk)});`;
    })
    .replace(/^var (import_\w+) = (.*require\("node:.*\));$/gm, (_, name, module) => {
      const short = name.replace(/^import_(node_)?/, "$");
      names.push([`${name}.`, `(${short}()).`]);
      return `var ${short}$;\nvar ${short} = () => (${short}$ ??= ${module});`;
    });
  if (/\b__(export|toESM|toCommonJS)\(/.test(script) && !script.includes("var __toESM")) {
    throw new Error("esbuild uses a helper that the packer does not know");
  }
  return names.reduce((all, [from, to]) => all.replaceAll(from, to), script);
}
