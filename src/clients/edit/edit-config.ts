import { KeysError } from "../../errors.ts";
import type { ConfigEntry, ConfigSyntax } from "../client.ts";
import { findEntry, isSame, isTree, Misplaced, putEntry } from "../config-tree.ts";
import { json } from "./json.ts";
import { CannotEdit, type Editor } from "./editor.ts";
import { toml } from "./toml.ts";
import { yaml } from "./yaml.ts";

const EDITORS: Readonly<Record<ConfigSyntax, Editor>> = { json, yaml, toml };
const NAMES = { json: "JSON", yaml: "YAML", toml: "TOML" } as const;

export interface EditOptions {
  readonly syntax: ConfigSyntax;
  /** Whether to replace an entry that differs. */
  readonly force: boolean;
  /** What to call the file in errors. */
  readonly source: string;
  /** Called with the name of each setting that an entry of another kind had. */
  readonly onRemoved?: (name: string) => void;
}

/**
 * Adds entries to the text of a configuration and changes no other byte. An entry that is there already stays as it is, even if the user
 * has added settings. The result is parsed and compared with what it should say, so an unusual file is refused rather than damaged.
 * @throws {@link KeysError} `USAGE` for a file that cannot be parsed or edited, with the line; `OUTPUT_EXISTS` for an entry that differs
 */
export function editConfig(before: string, entries: readonly ConfigEntry[], options: EditOptions): string {
  const editor = EDITORS[options.syntax];
  let text = before;
  let tree = parse(editor, text, options);
  for (const entry of entries) {
    const found = find(tree, entry, options);
    const value = keep(entry.value, found);
    if (found !== undefined && (entry.shared === true || isSame(found, value))) continue;
    if (found !== undefined && !options.force) throw taken(entry, options);
    for (const name of isTree(found) ? Object.keys(found) : []) {
      if (!isTree(value) || !Object.hasOwn(value, name)) options.onRemoved?.(name);
    }
    const expected = putEntry(tree, { ...entry, value });
    text = put(editor, text, { ...entry, value }, options);
    tree = editor.parse(text);
    if (!isSame(tree, expected)) throw unsafe(options);
  }
  return text;
}

function parse(editor: Editor, text: string, { syntax, source }: EditOptions): unknown {
  try {
    return editor.parse(text);
  } catch (cause) {
    const line = cause instanceof CannotEdit && cause.line !== undefined ? `line ${String(cause.line)} of ` : "";
    throw new KeysError("USAGE", `${line}${source} is not valid ${NAMES[syntax]}`, {
      hint: "fix that file first; nothing was changed",
      cause,
    });
  }
}

function find(tree: unknown, entry: ConfigEntry, { source }: EditOptions): unknown {
  try {
    if (tree !== undefined && tree !== null && !isTree(tree)) throw new Misplaced([], "an object");
    return findEntry(tree, entry);
  } catch (cause) {
    if (!(cause instanceof Misplaced)) throw cause;
    throw new KeysError("USAGE", `${source} ${cause.message}`, {
      hint: "fix that file first; nothing was changed",
      cause,
    });
  }
}

/** If the new text cannot be parsed, the file is not one that can be edited. */
function put(editor: Editor, text: string, entry: ConfigEntry & { value: unknown }, options: EditOptions): string {
  try {
    const after = editor.put(text, entry);
    editor.parse(after);
    return after;
  } catch (cause) {
    throw unsafe(options, cause);
  }
}

/**
 * Returns the value to write. A key that the user has put in place of a placeholder stays, and so do the user's own settings in an entry of
 * the same kind: one that has all settings of ours, and starts a program only if ours does.
 */
function keep<T>(wanted: T, found: unknown): T {
  if (typeof wanted === "string" && typeof found === "string") {
    const [before, after] = wanted.split(/<[A-Za-z_]\w*>/);
    const isFilledIn = after !== undefined && found.startsWith(before ?? "") && found.endsWith(after);
    return (isFilledIn ? found : wanted) as T;
  }
  if (!isTree(wanted) || !isTree(found)) return wanted;
  const kept = Object.entries(wanted).map(([name, value]) => [name, keep(value, found[name])] as const);
  const isSameKind =
    kept.every(([name]) => Object.hasOwn(found, name)) &&
    Object.hasOwn(found, "command") === Object.hasOwn(wanted, "command");
  return { ...(isSameKind && found), ...Object.fromEntries(kept) } as T;
}

function taken({ path, by, value }: ConfigEntry, { source }: EditOptions): KeysError {
  const own = by !== undefined && isTree(value) ? value[by] : path.at(-1);
  const name = typeof own === "string" ? own : String(path.at(-1));
  return new KeysError("OUTPUT_EXISTS", `${source} already has ${name}, with other settings`, {
    hint: "replace it with --force, or choose another --server-name",
  });
}

function unsafe({ source }: EditOptions, cause?: unknown): KeysError {
  return new KeysError("USAGE", `cannot edit ${source} without changing something else`, {
    hint: "nothing was changed; leave out --install, and add what is printed by hand",
    cause,
  });
}
