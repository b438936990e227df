// Says which parts of the CLI share a file. The files are CommonJS, which starts in two thirds of the time of ES modules: Node 20 sets up no loader and
// does not read every export of a built-in module. Each file costs half a millisecond, and so do 30 kB that a command does not need.

/** The file of parts that every command loads. */
export const MAIN = "common";
/** Starts the program, and stands for `node:fs/promises` in it. */
export const START = "cli/main.ts";
export const FS_PROMISES = "cli/start/fs-promises.ts";
/**
 * Entry points that share a file, because a run that needs one needs the others. What several files need is in the first of them. The
 * other entry points have a file each.
 */
export const FILES = {
  [MAIN]: [START, "cli/run-command.ts", FS_PROMISES],
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
export const SHORT_NAMES = [
  "checks",
  "clients",
  "doctor",
  "init",
  "install",
  "prompts",
  "scan",
  "store",
  "test-proxy",
  "uses",
];
/** What so many commands share is in the main file, and so is what a command shares if it has less than so many bytes for each. */
const COMMON = 6;
const SMALL = 1_000;

/**
 * Returns the file of each part: the first in the table that needs it, or the file of the entry point that needs it alone.
 * @param {Map<string, import("./parts.js").Part>} parts - those that the CLI reaches
 */
export function chooseFiles(parts) {
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
