import type { ConfigEntry } from "./client.ts";

type Tree = Readonly<Record<string, unknown>>;

/** Returns what a configuration has for an entry, `undefined` if nothing. @throws `Misplaced` if a part of the path is of another kind */
export function findEntry(tree: unknown, { path, by, value }: ConfigEntry): unknown {
  let found = tree;
  for (const [i, name] of path.entries()) {
    if (isNothing(found)) return undefined;
    if (!isTree(found)) throw new Misplaced(path.slice(0, i), "an object");
    found = Object.hasOwn(found, name) ? found[name] : undefined;
  }
  if (by === undefined) return found;
  if (isNothing(found)) return undefined;
  if (!Array.isArray(found)) throw new Misplaced(path, "a list");
  return found[indexIn(found, by, value)];
}

/** Returns the configuration with the entry in it: in place of the old one, or before all others in a list. */
export function putEntry(tree: unknown, entry: Omit<ConfigEntry, "value"> & { value: unknown }): unknown {
  const { path, by, value } = entry;
  const [name, ...rest] = path;
  if (name !== undefined) {
    const object = isTree(tree) ? tree : {};
    return { ...object, [name]: putEntry(object[name], { ...entry, path: rest }) };
  }
  if (by === undefined) return value;
  const list: unknown[] = Array.isArray(tree) ? tree : [];
  const at = indexIn(list, by, value);
  return at === -1 ? [value, ...list] : list.with(at, value);
}

/** Returns the position of the item of a list that an entry replaces, or -1. */
export function indexIn(list: readonly unknown[], by: string, value: unknown): number {
  return isTree(value) ? list.findIndex((item) => isTree(item) && item[by] === value[by]) : -1;
}

/** A part of a configuration that is not what the client expects. */
export class Misplaced extends Error {
  constructor(path: readonly string[], expected: string) {
    super(path.length === 0 ? `is not ${expected}` : `has ${JSON.stringify(path.join("."))} that is not ${expected}`);
  }
}

/** An empty value, as in `mcpServers:`, is an empty object or list. */
function isNothing(value: unknown): boolean {
  return value === undefined || value === null;
}

export function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** Compares two values of parsers, which give objects different prototypes. The order of members does not count. */
export function isSame(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, i) => isSame(item, b[i]));
  if (a instanceof Date && b instanceof Date) return a.toISOString() === b.toISOString();
  if (!isTree(a) || !isTree(b)) return Object.is(a, b);
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  return names.every((name) => Object.hasOwn(b, name) && isSame(a[name], b[name]));
}
