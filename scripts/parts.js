// Reads what esbuild made of the library and the CLI in one build: parts, which import each other. A part is in memory only; the files
// of the package are made from one or more.
import { basename } from "node:path";

/**
 * @typedef {object} Part
 * @property {string | undefined} entry - the source file, if it is an entry point or is imported on first use
 * @property {string[]} imports - paths of parts that it imports at once
 * @property {string[]} later - paths of parts that it imports on first use
 * @property {string} text - an ES module
 *
 * @typedef {(name: string) => { from: string, rename?: (name: string) => string } | undefined} Find
 */

/** Returns the parts by their paths. @returns {Map<string, Part>} */
export function readParts({ metafile, outputFiles }) {
  const texts = new Map(outputFiles.map(({ path, text }) => [basename(path), text]));
  const outputs = Object.entries(metafile.outputs).map(([path, { entryPoint, imports }]) => {
    const own = imports.filter(({ external }) => !external);
    const ofKind = (wanted) => own.filter(({ kind }) => kind === wanted).map((each) => each.path);
    return [
      path,
      {
        entry: entryPoint?.replace("src/", ""),
        imports: ofKind("import-statement"),
        later: ofKind("dynamic-import"),
        text: texts.get(basename(path)),
      },
    ];
  });
  return new Map(outputs);
}

/** Returns the paths of these entry points, and of all parts that they import, at once or later. */
export function reachedFrom(/** @type {Map<string, Part>} */ parts, /** @type {string[]} */ entries) {
  const paths = new Set([...parts].filter(([, { entry }]) => entries.includes(entry)).map(([path]) => path));
  for (const path of paths) for (const each of [...parts.get(path).imports, ...parts.get(path).later]) paths.add(each);
  return paths;
}

/**
 * Changes where a part imports from, and the names.
 * @param {string} text
 * @param {Find} find - from the file name of a part; `undefined` changes nothing
 * @param {Find} [findLater] - for imports on first use
 */
export function redirect(text, find, findLater = find) {
  return text
    .replace(/^import(?: \{([^}]*)\} from)? "(\.[^"]+)";$/gm, (whole, list, path) => {
      const found = find(basename(path));
      if (found === undefined) return whole;
      const names = list?.split(",").map((/** @type {string} */ each) => {
        const [, name, local = name] = /^\s*(\S+)(?: as (\S+))?\s*$/.exec(each);
        const wanted = found.rename?.(name) ?? name;
        return wanted === local ? local : `${wanted} as ${local}`;
      });
      return names === undefined ? `import "${found.from}";` : `import { ${names.join(", ")} } from "${found.from}";`;
    })
    .replace(/\bimport\("(\.[^"]+)"\)/g, (whole, path) => {
      const found = findLater(basename(path));
      return found === undefined ? whole : `import("${found.from}")`;
    });
}
