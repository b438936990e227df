// Removes the type declarations that the entry points do not reach: tsc writes one for every source file.
import { readFile, readdir, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "../dist/types");
/** @type {Set<string>} */
const reached = new Set();

async function visit(/** @type {string} */ path) {
  if (reached.has(path)) return;
  reached.add(path);
  const text = await readFile(path, "utf8");
  for (const [, module = ""] of text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*"(\.[^"]+)"/g)) {
    await visit(resolve(dirname(path), module).replace(/\.[jt]s$/, ".d.ts"));
  }
}

for (const entry of ["index.d.ts", "testing.d.ts"]) await visit(join(root, entry));
for (const name of await readdir(root, { recursive: true })) {
  const path = join(root, name);
  if (path.endsWith(".d.ts") && !reached.has(path)) await rm(path);
}
