// An esbuild plugin for the packages in the bundle: leaves out what we never use, and work that they do on load.
import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** The symbols that our prompts show, of the 200 of `@inquirer/figures`. */
const FIGURES = `import process from "node:process";
const isOldConsole = process.platform === "win32" && !process.env.WT_SESSION;
export default { line: "─", tick: isOldConsole ? "√" : "✔" };`;

const TAGS = `import { schema } from "./core/schema.js";
import { merge } from "./yaml-1.1/merge.js";
export const coreKnownTags = {};
export const getTags = (customTags, schemaName, addMergeTag) => (addMergeTag ? [...schema, merge] : [...schema]);`;

/** @param {string} root - the folder of `package.json` */
export function lightenPackages(root) {
  return { name: "lighten-packages", setup };

  function setup(/** @type {import("esbuild").PluginBuild} */ { onResolve, onLoad }) {
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
    // We parse YAML, and write it ourselves. Only a key that is a map would be written: it becomes "[object Object]".
    onLoad({ filter: /[\\/]yaml[\\/]browser[\\/]dist[\\/]stringify[\\/]/ }, async ({ path }) => {
      const names = /^export \{ (.*) \};$/m.exec(await readFile(path, "utf8"))?.[1];
      if (names === undefined) throw new Error(`yaml no longer exports as expected: ${path}`);
      const stubs = names.split(", ").map((name) => `${name} = () => ({ options: {} })`);
      return { contents: `export const ${stubs.join(", ")};` };
    });
    onLoad({ filter: /[\\/]yaml[\\/]browser[\\/]dist[\\/]schema[\\/]tags\.js$/ }, () => ({
      contents: TAGS,
      loader: "js",
    }));
    onLoad({ filter: /@inquirer[\\/]figures[\\/]dist[\\/]index\.js$/ }, () => ({ contents: FIGURES, loader: "js" }));
    onLoad({ filter: /@inquirer[\\/](?:core|input|password)[\\/]/ }, async ({ path }) => {
      const contents = await readFile(path, "utf8");
      const other = /\bfigures\.(?!line\b|tick\b)\w+/.exec(contents)?.[0];
      if (other !== undefined) throw new Error(`${path} uses ${other}`);
      return { contents };
    });
  }
}
