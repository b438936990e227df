import { AMBIENT, ENTRIES, LAYERS, LIMITS, ON_FIRST_USE, PRIVATE, SIBLINGS, SOLE_USER } from "./layers.ts";
import { readModule, type Import } from "./module.ts";

const DUMPING_GROUND = /(^|\/)(utils?|helpers?|common|shared|misc|lib|types)(\/|\.ts$)/;
const KEBAB = /^([a-z0-9]+(-[a-z0-9]+)*\/)*[a-z0-9]+(-[a-z0-9]+)*\.ts$/;

/** Returns what `files` (path below `src` → text) do that `layers.ts` forbids: one sentence each, none when all is well. */
export function findViolations(files: ReadonlyMap<string, string>): string[] {
  const found: string[] = [];
  const values = new Map<string, string[]>();
  const registered = new Map<string, string[]>();
  const imported = new Map<string, string[]>();
  const declaredIn = new Map<string, string[]>();
  for (const [path, text] of files) {
    const { imports, ambient, exports, types } = readModule(path, text);
    const report = (what: string) => found.push(`${path} ${what}`);
    values.set(path, []);
    imported.set(path, []);

    if (!KEBAB.test(path)) report("is not named in kebab-case");
    if (DUMPING_GROUND.test(path)) report("is a catch-all: name it after what it holds");
    if (lineCount(text) > LIMITS.lines) report(`has more than ${LIMITS.lines} lines`);
    for (const kind of exports) report(`has ${kind}`);
    for (const word of ambient) if (!AMBIENT[path]?.includes(word)) report(`uses ${word}`);
    for (const name of types) declaredIn.set(name, [...(declaredIn.get(name) ?? []), path]);

    const layer = layerOf(path);
    if (!layer) {
      report("belongs to no layer");
      continue;
    }
    for (const { specifier, how } of imports) {
      const target = specifier.startsWith(".") ? resolve(path, specifier) : specifier;
      if (specifier.startsWith(".") && !files.has(target)) {
        report(`imports ${specifier}, which does not exist`);
        continue;
      }
      if (how === "value") values.get(path)?.push(target);
      if (SIBLINGS[path] !== undefined && how !== "type")
        registered.set(path, [...(registered.get(path) ?? []), target]);
      if (how !== "call") imported.get(path)?.push(target);
      if (!mayImport(layer, target, how)) report(`imports ${target}, which ${layer} may not${describeHow(how)}`);
      if (SOLE_USER[target] !== undefined && SOLE_USER[target] !== path)
        report(`imports ${target}, which only ${SOLE_USER[target]} may`);
      if (ON_FIRST_USE.includes(target) && how === "value") report(`imports ${target} before it is needed`);
      for (const [folder, users] of Object.entries(PRIVATE)) {
        if (target.startsWith(folder) && !path.startsWith(folder) && !users.includes(path))
          report(`imports from ${folder}, which is private`);
      }
    }
  }
  return [...found, ...siblingImports(registered, values), ...cycles(imported), ...sharedTypeNames(declaredIn)];
}

/** Returns the number of lines of the median file outside the registries. */
export function medianLines(files: ReadonlyMap<string, string>): number {
  const counts = [...files]
    .filter(([path]) => !ENTRIES.some((folder) => path.startsWith(folder)))
    .map(([, text]) => lineCount(text))
    .sort((a, b) => a - b);
  return counts[Math.floor(counts.length / 2)] ?? 0;
}

function mayImport(layer: string, target: string, how: Import["how"]): boolean {
  const { may, asType = [], onFirstUse = [] } = LAYERS[layer]!;
  const granted = [...may, ...(how === "type" ? asType : []), ...(how === "call" ? onFirstUse : [])];
  const own = layerOf(target);
  if (own === layer) return true;
  return granted.some(
    (name) => name === "*" || name === target || name === own || (name === "node:*" && target.startsWith("node:")),
  );
}

function layerOf(path: string): string | undefined {
  return Object.keys(LAYERS).find((name) =>
    LAYERS[name]?.holds.some((held) => path === held || (held.endsWith("/") && path.startsWith(held))),
  );
}

/** Imports between the entries of a registry, which may load them on first use. */
function siblingImports(
  registered: ReadonlyMap<string, readonly string[]>,
  values: ReadonlyMap<string, readonly string[]>,
): string[] {
  return Object.entries(SIBLINGS).flatMap(([registry, folder]) => {
    const members = (registered.get(registry) ?? []).filter((path) => path.startsWith(folder));
    return members.flatMap((member) =>
      (values.get(member) ?? [])
        .filter((target) => target === registry || members.includes(target))
        .map((target) => `${member} imports its sibling ${target}`),
    );
  });
}

/** Import cycles, types included, each once. `import()` breaks a cycle, because it runs later. */
function cycles(imported: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) found.push(`${[...trail.slice(start), path].join(" → ")} is an import cycle`);
    if (start >= 0 || done.has(path)) return;
    for (const target of imported.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const path of imported.keys()) visit(path, []);
  return found;
}

/** One name for one thing: a reader who searches for a type finds one declaration. */
function sharedTypeNames(declaredIn: ReadonlyMap<string, readonly string[]>): string[] {
  return [...declaredIn]
    .filter(([, paths]) => paths.length > 1)
    .map(([name, paths]) => `${paths.join(" and ")} both declare a type ${name}`);
}

function resolve(from: string, specifier: string): string {
  return new URL(specifier, `file:///${from}`).pathname.slice(1);
}

function describeHow(how: Import["how"]): string {
  return how === "call" ? ", not even on first use" : how === "type" ? ", not even as a type" : "";
}

function lineCount(text: string): number {
  return text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
}
