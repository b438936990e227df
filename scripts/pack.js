// Makes the files of the package from the parts of one build: a few CommonJS files for the CLI, and ES modules for the library. The CLI
// runs the code that both use from the modules.
import { createHash } from "node:crypto";
import { basename } from "node:path";
import { chooseFiles, FILES, FS_PROMISES, MAIN, SHORT_NAMES, START } from "./pack-cli.js";
import { reachedFrom, readParts, redirect } from "./parts.js";
import { chooseModules, mergeParts, nameExports, writeModule } from "./share.js";
import { beginFile, beginPart, FUNCTION, toCommonJs } from "./to-common-js.js";

/** @typedef {import("./parts.js").Part} Part */

/**
 * Returns the files of `dist` without the type declarations, by name.
 * @param {import("esbuild").BuildResult} built - ES modules, with a metafile
 * @param {object} tools
 * @param {(script: string) => Promise<string>} tools.minify
 * @param {(text: string) => Promise<string>} tools.minifyModule
 * @param {(files: string[], indexes: number[], build: string) => Promise<string>} tools.start - returns `main.cjs`, from the names of
 * the files, where in this list the file of each part is, and a name for this build
 * @returns {Promise<Map<string, string>>}
 */
export async function pack(built, { minify, minifyModule, start }) {
  const parts = readParts(built);
  const library = reachedFrom(parts, ["index.ts", "testing.ts"]);
  const cli = reachedFrom(parts, [START, FS_PROMISES]);
  const pick = (isIn) => new Map([...parts].filter(([path]) => isIn(path)));
  const cliParts = pick((path) => cli.has(path) && !library.has(path));
  const homes = chooseFiles(pick((path) => cli.has(path)));
  const modules = groupShared(
    pick((path) => cli.has(path) && library.has(path)),
    homes,
  );
  for (const [path, home] of homes) if (IN_MAIN.includes(home) && cliParts.has(path)) homes.set(path, MAIN);
  const all = [...cliParts].sort(([, a], [, b]) => Number(b.entry === START) - Number(a.entry === START));
  const build = digest([...parts.values()].map(({ text }) => text).join());
  const files = new Map();
  const names = new Map();
  const moduleNames = [];
  const places = new Map();
  for (const [name, members] of modules) {
    const id = moduleNames.push(`${name}-${build}.js`);
    for (const [file, list] of nameExports(members)) places.set(file, { id, rename: (each) => list.get(each) });
  }
  // Modules have the short ids, because they are named most. `start.ts` begins with part 0.
  const idOf = (index) => (index === 0 ? 0 : index + moduleNames.length);
  const fsPromises = idOf(all.findIndex(([, { entry }]) => entry === FS_PROMISES));
  for (const [index, part] of all.entries()) {
    const id = idOf(index);
    for (const [file, list] of nameExports([part])) places.set(file, { id, rename: (each) => list.get(each) });
  }
  const find = (file) => {
    const place = places.get(file);
    return place && { from: `part:${place.id}`, rename: place.rename };
  };
  const fileOf = (id) => `./${moduleNames[id - 1]}`;
  for (const [index, [, members]] of [...modules].entries()) {
    const text = await mergeParts(members, nameExports(members), find);
    const options = { id: index + 1, fsPromises, fileOf, minify };
    files.set(`chunks/${moduleNames[index]}`, await writeModule(text, options));
  }
  for (const [path, { text }] of pick((each) => !cli.has(each))) {
    const folder = path.includes("/chunks/") ? "./" : "./chunks/";
    const findModule = (file) => {
      const found = find(file);
      return found && { ...found, from: fileOf(Number(found.from.slice(5))).replace("./", folder) };
    };
    files.set(path.replace(/^dist\//, ""), await minifyModule(redirect(text, findModule)));
  }
  /** @type {Map<string, { texts: string[], all: import("./to-common-js.js").Converted[] }>} */
  const contents = new Map();
  for (const [path, { text }] of all) {
    const converted = await toCommonJs(redirect(text, find));
    const { id, rename } = places.get(basename(path));
    const exports = converted.exports.map(([name, local]) => `${rename(name)}:()=>${local}`);
    const define = exports.length === 0 ? "" : `$define($exports,{${exports.join(",")}});`;
    const content = contents.get(homes.get(path)) ?? { texts: [], all: [] };
    content.texts.push(`${beginPart(id, converted)}${(await minify(define + converted.code)).trim()}\n}`);
    content.all.push(converted);
    contents.set(homes.get(path), content);
  }
  for (const [home, content] of contents) {
    const whole = `${beginFile(content.all, fsPromises)}\n${content.texts.join(",\n")}\n};\n`;
    const text = `${FUNCTION}${SHORT_NAMES.includes(home) ? await minify(whole) : whole}})\n`;
    names.set(home, `chunks/${home}-${digest(text)}.cjs`);
    files.set(`cli/${names.get(home)}`, text);
  }
  for (const [name, text] of files) {
    if (!/^[\0-\x7f]*$/.test(text)) throw new Error(`${name} must be ASCII: \`start.ts\` reads it as Latin-1`);
  }
  const loaded = [...names.values(), ...moduleNames.map((name) => `../chunks/${name}`)];
  const [first, ...rest] = all.map(([path]) => loaded.indexOf(names.get(homes.get(path))));
  const indexes = [first, ...moduleNames.map((name) => loaded.indexOf(`../chunks/${name}`)), ...rest];
  return files.set("cli/main.cjs", await start(loaded, indexes, digest(loaded.join())));
}

/** What these modules do not contain of the files with their names is so little that it is in the main file. */
const IN_MAIN = ["file-store", "keys"];

/** Returns the members of each module. What every command needs is in `core`. */
function groupShared(/** @type {Map<string, Part>} */ parts, /** @type {Map<string, string>} */ homes) {
  const order = [...new Set([...Object.keys(FILES), ...[...homes.values()].sort()])];
  const chosen = chooseModules(parts, (path) => homes.get(path), order);
  /** @type {Map<string, [string, Part][]>} */
  const modules = new Map();
  for (const [path, part] of parts) {
    const name = chosen.get(path) === MAIN ? "core" : chosen.get(path);
    modules.set(name, [...(modules.get(name) ?? []), [path, part]]);
  }
  return modules;
}

function digest(/** @type {string} */ text) {
  return createHash("sha256").update(text).digest("hex").slice(0, 8);
}
