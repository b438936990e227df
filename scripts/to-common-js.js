// Converts an ES module of esbuild to a script with the parameters of `src/cli/start/start.ts`. Each built-in module loads on first use.
import { transform } from "esbuild";

/** The parts and files that this script imports have these names in it. */
const PART = /^part:(\d+)$/;

/**
 * @typedef {object} Converted
 * @property {string} code - without imports and exports
 * @property {[number, string][]} parts - what it imports at once: the id of a part, and the name of its exports in the code
 * @property {[string, string][]} modules - built-in and optional modules: the name, and the name of a function in the code that loads it
 * @property {number[]} later - the parts it imports on first use, by calling `$later<id>`
 * @property {[string, string][]} laterModules - modules it imports on first use: the name, and the name of a function that imports it
 * @property {[string, string][]} exports - the exported name, and the name in the code
 */

/**
 * @param {string} text - imports parts as `part:<id>`
 * @returns {Promise<Converted>}
 */
export async function toCommonJs(text) {
  /** @type {Omit<Converted, "code">} */
  const used = { parts: [], modules: [], later: [], laterModules: [], exports: [] };
  const own = text
    .replace(/\bimport\("part:(\d+)"\)/g, (_, id) => {
      if (!used.later.includes(Number(id))) used.later.push(Number(id));
      return `$later${id}()`;
    })
    .replace(/\bimport\("((?:node:|@)?[a-z][^"./]*(?:\/[^"./]+)?)"\)/g, (_, module) => {
      const name = `$import_${nameOf(module)}`; // a script cannot import without a warning
      if (!used.laterModules.some(([each]) => each === module)) used.laterModules.push([module, name]);
      return `${name}()`;
    })
    .replaceAll("import.meta.url", "$url")
    .replaceAll(/"[^"]*node_modules\/([^"]+)"\(/g, '"$1"('); // a path of this machine
  const { code } = await transform(own, { format: "cjs", platform: "neutral", target: "node20.17" });
  const names = [];
  const script = code
    .replace(/^[^]*?\n?(var stdin_exports = \{\};\n|(?=var import_))/, "")
    .replace(/__export\(stdin_exports, \{\n([^]*?)\n\}\);\n/, (_, list) => {
      used.exports = list.split(",\n").map((each) => /^\s*([\w$]+): \(\) => (\S+)$/.exec(each).slice(1));
      return "";
    })
    .replace("module.exports = __toCommonJS(stdin_exports);\n", "")
    .replace(/^(?:var (import_\w+) = )?(?:__toESM\()?require\("([^"]+)"\)\)?;\n/gm, (_, name, module) => {
      const id = PART.exec(module)?.[1];
      const short = id === undefined ? `$${nameOf(module)}` : `$${id}`;
      const list = id === undefined ? used.modules : used.parts;
      if (!list.some(([, each]) => each === short)) list.push([id === undefined ? module : Number(id), short]);
      if (name !== undefined) names.push([`${name}.`, id === undefined ? `(${short}()).` : `${short}.`]);
      return "";
    })
    .replaceAll("__toESM(require(", "$toModule(require("); // `import * as`
  if (/\b__(export|toESM|toCommonJS)\(/.test(script) && !script.includes("var __toESM")) {
    throw new Error("esbuild uses a helper that the packer does not know");
  }
  const passedOn = used.exports.filter(([, local]) => local.includes("."));
  const constants = passedOn.map(([name, local]) => `var $own_${name} = ${local};\n`).join("");
  for (const each of passedOn) each[1] = `$own_${each[0]}`;
  // `(0, module.f)(x)` is `module.f(x)` without `this`, which no function of ours looks at.
  const shorter = (script + constants).replaceAll(/\(0, (import_\w+\.[\w$]+)\)\(/g, "$1(");
  return { ...used, code: names.reduce((all, [from, to]) => all.replaceAll(from, to), shorter) };
}

function nameOf(/** @type {string} */ module) {
  return module.replace("node:", "").replaceAll(/\W/g, "_");
}

/**
 * Returns the beginning of a file for the loader of the CLI: the declarations of what its parts load on first use, once for all.
 * @param {Converted[]} all - the parts of the file
 * @param {number} fsPromises - the part that stands for `node:fs/promises`
 */
export function beginFile(all, fsPromises) {
  const load = (/** @type {string} */ module) =>
    module === "node:fs/promises" ? `$load(${fsPromises})` : `$toModule(require("${module}"))`;
  const lines = all.flatMap(({ modules, later, laterModules, code }) => [
    ...modules.map(([module, name]) => `var ${name}$,${name}=()=>${name}$??=${load(module)};`),
    ...later.map((id) => `var $later${id}=()=>Promise.resolve(${id}).then($load);`),
    ...laterModules.map(([module, name]) => `var ${name}=()=>$importModule("${module}");`),
    ...(code.includes("$url") ? ["var $url=__filename;"] : []), // for `createRequire`, which accepts both
  ]);
  return `"use strict";${[...new Set(lines)].join("")}module.exports={`;
}

/** A file for the loader is a function. */
export const FUNCTION = "(function(module,require,__filename,$load,$toModule,$importModule){";

/** Returns the beginning of a part. Without parentheses around the function, V8 compiles only the parts that a command uses. */
export function beginPart(/** @type {number} */ id, /** @type {Converted} */ { parts }) {
  const loaded = parts.map(([part, name]) => `${name}=$load(${part})`);
  return `${id}:function($exports,$define){${loaded.length === 0 ? "" : `var ${loaded.join(",")};`}`;
}
