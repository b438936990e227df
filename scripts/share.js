// Merges what both the library and the CLI use into a few modules, so that the package contains it once. The library imports them, and
// `src/cli/start/start.ts` runs them as scripts: their first line is a comment with what a script needs in place of the imports.
import { basename } from "node:path";
import { build } from "esbuild";
import { redirect } from "./parts.js";
import { beginFile, beginPart, FUNCTION, toCommonJs } from "./to-common-js.js";

/** @typedef {import("./parts.js").Part} Part */

/**
 * Returns the name of the module of each shared part. Modules import only earlier ones, so that there is no cycle.
 * @param {Map<string, Part>} parts - the shared ones
 * @param {(path: string) => string} homeOf - the preferred module
 * @param {string[]} order - of the modules
 */
export function chooseModules(parts, homeOf, order) {
  const homes = new Map([...parts.keys()].map((path) => [path, order.indexOf(homeOf(path))]));
  for (let changed = true; changed;) {
    changed = false;
    for (const [path, { imports }] of parts) {
      for (const each of imports.filter((one) => homes.get(one) > homes.get(path))) {
        homes.set(each, homes.get(path));
        changed = true;
      }
    }
  }
  return new Map([...homes].map(([path, index]) => [path, order[index]]));
}

/**
 * Returns the name of each export in the module of its part: entry points keep their names, and the others get short ones. A stack trace has
 * the names inside the module.
 * @param {[string, Part][]} parts - of one module
 * @returns {Map<string, Map<string, string>>} by the file name of the part
 */
export function nameExports(parts) {
  const kept = parts.filter(([, { entry }]) => entry !== undefined).flatMap(([, { text }]) => exportsOf(text));
  const twice = kept.find((name, index) => kept.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`two entry points of one module export ${twice}`);
  let count = 0;
  const next = () => {
    const name = shortName(count++);
    return kept.includes(name) ? next() : name;
  };
  return new Map(
    parts.map(([path, { entry, text }]) => {
      const names = exportsOf(text).map((name) => [name, entry === undefined ? next() : name]);
      return [basename(path), new Map(names)];
    }),
  );
}

const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** 0 is `a`, 52 is `a0`. @returns {string} */
function shortName(/** @type {number} */ n) {
  const rest = Math.floor(n / LETTERS.length);
  return `${LETTERS[n % LETTERS.length]}${rest === 0 ? "" : rest - 1}`;
}

function exportsOf(/** @type {string} */ text) {
  const lists = [...text.matchAll(/^export \{([^}]*)\};$/gm)].flatMap(([, list]) => list.split(","));
  return lists.map((each) => /(\S+)\s*$/.exec(each)?.[1]).filter((name) => name !== undefined);
}

/**
 * Merges parts into one ES module.
 * @param {[string, Part][]} parts
 * @param {Map<string, Map<string, string>>} names - of their exports
 * @param {import("./parts.js").Find} find - where a part of another module is
 */
export async function mergeParts(parts, names, find) {
  const own = new Map(parts.map(([path, { text }]) => [basename(path), text]));
  const exports = [...names].map(([file, list]) => {
    const renamed = [...list].map(([name, as]) => `${name} as ${as}`);
    return `export { ${renamed.join(", ")} } from "./${file}";`;
  });
  const { outputFiles } = await build({
    ...{ bundle: true, write: false, format: "esm", platform: "node", target: "node20.17" },
    stdin: { contents: exports.join("\n") },
    plugins: [
      {
        name: "parts",
        setup: ({ onResolve, onLoad }) => {
          onResolve({ filter: /^\./ }, ({ path }) => ({ path: basename(path), namespace: "part" }));
          onResolve({ filter: /.*/ }, ({ path, kind }) =>
            kind === "entry-point" ? undefined : { path, external: true },
          );
          onLoad({ filter: /.*/, namespace: "part" }, ({ path }) => ({
            contents: redirect(own.get(path), (name) => (own.has(name) ? undefined : find(name)), find),
          }));
        },
      },
    ],
  });
  return outputFiles[0].text;
}

/**
 * Returns the file of a module.
 * @param {string} text - what `mergeParts` returned
 * @param {{ id: number, fsPromises: number, fileOf: (id: number) => string, minify: (script: string) => Promise<string> }} options
 */
export async function writeModule(text, { id, fsPromises, fileOf, minify }) {
  const converted = await toCommonJs(text);
  const { parts, modules, later, laterModules, exports, code } = converted;
  if (code.includes("$toModule(")) throw new Error("a shared part imports a built-in module as a whole");
  const head = [
    ...parts.map(([part, name]) => `import*as ${name} from"${fileOf(part)}";`),
    ...modules.map(([module, name]) => `import*as ${name}$ from"${module}";const ${name}=()=>${name}$;`),
    ...later.map((part) => `const $later${part}=()=>import("${fileOf(part)}");`),
    ...laterModules.map(([module, name]) => `const ${name}=()=>import("${module}");`),
    ...(code.includes("$url") ? ["const $url=import.meta.url;"] : []),
  ];
  const script = FUNCTION + beginFile([converted], fsPromises) + beginPart(id, converted);
  const list = exports.map(([name, local]) => (name === local ? name : `${local} as ${name}`));
  return `//${script}\n${head.join("")}\n${await minify(code)}export{${list.join(",")}};\n`;
}
