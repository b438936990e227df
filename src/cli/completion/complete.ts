import type { Argument, Command, Option } from "commander";

/** A word that may come next, and what it means. */
export interface Candidate {
  readonly value: string;
  readonly description: string;
}

/** What may come next: some words, or the name of a file. */
export interface NextWords {
  readonly candidates: readonly Candidate[];
  readonly files: boolean;
}

/** Where candidates come from that the program does not know. */
export interface CandidateSources {
  /** Returns the keys of the store; `store` is the value of `--store` on the line, if it has one. */
  keys(store: string | undefined): Promise<readonly Candidate[]>;
  /** Returns the starts of store specs, such as `file:`. */
  stores(): Promise<readonly Candidate[]>;
}

const NOTHING: NextWords = { candidates: [], files: false };
const FILES: NextWords = { candidates: [], files: true };

/**
 * Completes a command line.
 * @param program - knows every command, flag and choice
 * @param words - the line without the name of the program; the last word is the one to complete, and may be empty
 */
export async function complete(
  program: Command,
  words: readonly string[],
  sources: CandidateSources,
): Promise<NextWords> {
  const current = words.at(-1) ?? "";
  const line = readLine(program, words.slice(0, -1));
  const completion = await completeWord(line, current, sources);
  return { ...completion, candidates: completion.candidates.filter(({ value }) => value.startsWith(current)) };
}

/** What the words before the current one mean. */
interface Line {
  readonly program: Command;
  readonly command: Command;
  /** Words that are neither flags nor their values, after the name of the command. */
  readonly operands: number;
  /** The flag whose value comes next. */
  readonly flag: Option | undefined;
  /** After `--`, every word is an operand. */
  readonly flagsEnded: boolean;
  readonly store: string | undefined;
}

function readLine(program: Command, words: readonly string[]): Line {
  let line: Line = { program, command: program, operands: 0, flag: undefined, flagsEnded: false, store: undefined };
  for (const word of words) line = readWord(line, word);
  return line;
}

function readWord(line: Line, word: string): Line {
  if (line.flag !== undefined) {
    const store = line.flag.long === "--store" ? word : line.store;
    return { ...line, flag: undefined, store };
  }
  if (line.flagsEnded) return { ...line, operands: line.operands + 1 };
  if (word === "--") return { ...line, flagsEnded: true };
  if (word.startsWith("-")) {
    const [name, ...value] = word.split("=");
    const flag = flagsOf(line).find(({ long, short }) => long === name || short === name);
    if (value.length === 0) return { ...line, flag: flag?.required === true ? flag : undefined };
    return flag?.long === "--store" ? { ...line, store: value.join("=") } : line;
  }
  const next = line.operands === 0 ? line.command.commands.find((each) => each.name() === word) : undefined;
  return next === undefined ? { ...line, operands: line.operands + 1 } : { ...line, command: next };
}

async function completeWord(line: Line, current: string, sources: CandidateSources): Promise<NextWords> {
  if (line.flag !== undefined) return valuesOf(line, line.flag, current, sources);
  if (line.flagsEnded) return line.command.registeredArguments.length > 0 ? FILES : NOTHING;
  const [, name, value] = /^(--[^=]+)=(.*)$/s.exec(current) ?? [];
  if (name !== undefined && value !== undefined) {
    const flag = flagsOf(line).find(({ long }) => long === name);
    if (flag === undefined || !(flag.required || flag.optional)) return NOTHING;
    const { candidates, files } = await valuesOf(line, flag, value, sources);
    return { candidates: candidates.map((each) => ({ ...each, value: `${name}=${each.value}` })), files };
  }
  const flags = flagsOf(line).map(({ long, description }) => ({ value: long ?? "", description }));
  if (current.startsWith("-")) return { candidates: flags, files: false };
  const operands = await operandsOf(line, sources);
  // A command that takes no operands has only flags to offer.
  const takesOperands = line.command.registeredArguments.length + line.command.commands.length > 0;
  return takesOperands ? operands : { candidates: flags, files: false };
}

async function operandsOf(line: Line, sources: CandidateSources): Promise<NextWords> {
  const { command, operands } = line;
  if (operands === 0 && command.commands.length > 0) {
    const candidates = command.commands.map((each) => ({ value: each.name(), description: each.summary() }));
    return { candidates, files: false };
  }
  const { registeredArguments: known } = command;
  const last = known.at(-1);
  const argument = known[operands] ?? (last?.variadic === true ? last : undefined);
  return argument === undefined ? NOTHING : namedValues(argument.name(), argument, line, sources);
}

/** Completes the value of a flag. In a list such as `active,expiring`, the last one, after choices only. */
async function valuesOf(line: Line, flag: Option, current: string, sources: CandidateSources): Promise<NextWords> {
  const named = /[<[]([\w-]+)/.exec(flag.flags)?.[1] ?? "";
  const before = current.split(",").slice(0, -1);
  const { argChoices = [] } = flag;
  if (before.length === 0) return namedValues(named, flag, line, sources);
  if (!before.every((each) => argChoices.includes(each))) return NOTHING;
  const rest = argChoices.filter((each) => !before.includes(each));
  return { candidates: rest.map((each) => ({ value: [...before, each].join(","), description: "" })), files: false };
}

async function namedValues(
  name: string,
  { argChoices }: Argument | Option,
  { store }: Line,
  sources: CandidateSources,
): Promise<NextWords> {
  if (argChoices !== undefined) {
    return { candidates: argChoices.map((value) => ({ value, description: "" })), files: false };
  }
  if (name === "key") return { candidates: await sources.keys(store), files: false };
  if (name === "spec") return { candidates: await sources.stores(), files: false };
  return /^(?:file|path)$/.test(name) ? FILES : NOTHING;
}

/** Returns the flags of a command, then the global ones and `--help`. */
function flagsOf({ program, command }: Line): readonly Option[] {
  const help = command.createOption("-h, --help", "display help for command");
  const all = [
    ...command.options,
    ...program.options.filter(({ long }) => command === program || long !== "--version"),
    help,
  ];
  return all.filter((flag, i) => !flag.hidden && all.findIndex(({ long }) => long === flag.long) === i);
}
