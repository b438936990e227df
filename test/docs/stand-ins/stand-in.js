import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isatty } from "node:tty";
import { parseArgs } from "node:util";

/** Everything a stand-in records, for the test. */
const FOLDER = process.env.STAND_IN;
const STORED = join(FOLDER, "stored");

/**
 * Stands in for a program that takes a secret: refuses arguments that the program refuses, reads its input as the program does, and
 * keeps what it would store. `STAND_IN_FAILS` names a command that reads its input and then fails, such as `gh secret set`.
 * @param {string} program
 * @param {Record<string, { options?: object, operands: number, run: (call: object) => void }>} commands - by their words, `secret set`
 * @param {(args: string[]) => string[]} rewrite - turns the arguments into the GNU style of `parseArgs`
 */
export function standIn(program, commands, rewrite = (args) => args) {
  const argv = process.argv.slice(2);
  const words = Object.keys(commands).find((each) => argv.slice(0, each.split(" ").length).join(" ") === each);
  if (words === undefined) refuse(`unknown command: ${program} ${argv.join(" ")}`);
  const call = `${program} ${words}`;
  record({ call, argv, env: process.env });
  if (process.env.STAND_IN_FAILS === call) {
    stdin();
    refuse("the service is not available");
  }
  const { options = {}, operands, run } = commands[words];
  const args = rewrite(argv.slice(words.split(" ").length));
  const { values, positionals } = parse({ args, options, allowPositionals: true });
  if (positionals.length !== operands) refuse(`takes ${operands} operands, not ${positionals.length}`);
  run({ values, operands: positionals });
}

/** Options with a value. */
export function valued(...names) {
  return Object.fromEntries(names.map((name) => option(name, "string")));
}

/** Options without a value. */
export function flags(...names) {
  return Object.fromEntries(names.map((name) => option(name, "boolean")));
}

/** `name` or `name/n`, with its short form. */
function option(text, type) {
  const [name, short] = text.split("/");
  return [name, short === undefined ? { type } : { type, short }];
}

function parse(config) {
  try {
    return parseArgs(config);
  } catch (error) {
    return refuse(error.message);
  }
}

/** Ends like a program that refuses its arguments or its input. */
export function refuse(message) {
  process.stderr.write(`error: ${message}\n`);
  process.exit(1);
}

/** Requires options that the program requires. */
export function need(values, ...names) {
  for (const name of names) if (values[name] === undefined) refuse(`--${name} is required`);
}

/** All of standard input. */
export function stdin() {
  // `process.stdin` would make the pipe non-blocking.
  return isatty(0) ? "" : readFileSync(0, "utf8");
}

/** A file, as a program opens it: `/dev/stdin` only works if standard input is a pipe or a file. */
export function fileAt(path) {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    return refuse(error.message);
  }
}

export function isKept(name) {
  return existsSync(join(STORED, encodeURIComponent(name)));
}

/** Keeps a value, and records which processes show it to other users in their arguments, or in their environment. */
export function keep(name, value) {
  mkdirSync(STORED, { recursive: true });
  writeFileSync(join(STORED, encodeURIComponent(name)), value);
  record({ stored: name, shownBy: processesThatShow(value) });
}

export function kept(name) {
  if (!isKept(name)) refuse(`${name} does not exist`);
  return readFileSync(join(STORED, encodeURIComponent(name)), "utf8");
}

export function keptNames() {
  return existsSync(STORED) ? readdirSync(STORED).map(decodeURIComponent) : [];
}

export function print(text) {
  process.stdout.write(`${text}\n`);
}

function record(entry) {
  appendFileSync(join(FOLDER, "record.jsonl"), `${JSON.stringify(entry)}\n`);
}

/** Empty where there is no `/proc`. */
function processesThatShow(value) {
  if (value === "" || !existsSync("/proc/self/cmdline")) return [];
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => ["cmdline", "environ"].filter((file) => holds(`/proc/${pid}/${file}`, value)));
}

function holds(path, value) {
  try {
    return readFileSync(path, "utf8").includes(value);
  } catch {
    // The process has ended, or belongs to another user.
    return false;
  }
}
