import type { Secret } from "../core/secret.ts";
import { KeysError } from "../errors.ts";
import { revealFor } from "./reveal.ts";

/** What to set in a `.env` file. */
export interface DotenvChange {
  /** The variable, `[A-Za-z_][A-Za-z0-9_]*`. */
  readonly envName: string;
  readonly token: Secret;
  /** What to call the file in errors. */
  readonly source: string;
}

/** Read the same with and without quotes, by the dotenv package, Node, Docker and shells. */
const PLAIN = /^[\w.+/=:@%,-]+$/;

/** The value of an assignment in a `.env` file: where it starts and ends, with its quotes, and which quotes it has. */
interface Assignment {
  readonly start: number;
  readonly end: number;
  readonly quote: "" | "'" | '"';
}

const ASSIGNMENT = /^([\s\uFEFF]*(?:export[ \t]+)?)([\w.-]+)([ \t]*=|:(?=[ \t]))([ \t]*)(.*)$/;
const BLANK_OR_COMMENT = /^[\s\uFEFF]*(?:#.*)?$/;
/** The dotenv package joins such a line with its neighbour: a name and a colon alone, or a value without a name. */
const JOINED = /^[\s\uFEFF]*(?:(?:export\s+)?[\w.-]+:\s*$|[=:])/;
/** They end a line for some readers and not for others. */
const ODD_BREAK = /\r(?!\n)|[\v\f\0\u0085\u2028\u2029]/;

/**
 * Sets one variable in the text of a `.env` file and changes no other byte: the value of its last assignment, which is the one that
 * readers use, or a new line at the end. Keeps quotes, `export`, comments and line breaks. Refuses a file that two of its readers
 * (the dotenv package, Docker, a shell) would understand differently, because then another variable might change.
 * @throws {@link KeysError} `USAGE` with the line; `TOKEN_UNUSABLE` if a `.env` file cannot represent the token
 */
export function mergeDotenv(text: string, { envName, token, source }: DotenvChange): string {
  const value = revealFor("a .env file", token, ["a single quote", "a backslash", "a dollar sign"]);
  const found = findAssignment(text, envName, source);
  return found === null ? append(text, envName, value) : replace(text, found, value);
}

function replace(text: string, { start, end, quote }: Assignment, value: string): string {
  const written = PLAIN.test(value) ? quote + value + quote : `'${value}'`;
  return text.slice(0, start) + written + text.slice(end);
}

function append(text: string, envName: string, value: string): string {
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  const separator = text === "" || text.endsWith("\n") ? "" : eol;
  return `${text}${separator}${envName}=${PLAIN.test(value) ? value : `'${value}'`}${eol}`;
}

/**
 * Finds the last assignment of a variable in a `.env` file, the one that counts.
 * @param source - what to call the file in errors
 * @returns `null` if the variable is not assigned
 * @throws {@link KeysError} `USAGE` if two readers (the dotenv package, Docker, a shell) understand the file differently there
 */
function findAssignment(text: string, name: string, source: string): Assignment | null {
  if (ODD_BREAK.test(text)) throw unsafe(source);
  const inShell = shellStates(text.endsWith("\n") ? text : `${text}\n`);
  let found: Assignment | null = null;
  let open: string | null = null;
  let at = 0;
  for (const [i, piece] of text.split("\n").entries()) {
    const line = piece.replace(/\r$/, "");
    const [, lead = "", variable, sign = "", gap = "", rest = ""] = ASSIGNMENT.exec(line) ?? [];
    const value = variable === undefined ? null : readValue(rest, gap);
    const isWhole = inShell === null || (inShell[i] === "outside" && inShell[i + 1] !== "inside");
    if (open !== null) {
      if (variable === name || ends(line, open) === "unclear") throw unsafe(source, i + 1);
      if (ends(line, open) === "here") open = null;
    } else if (value === null) {
      const isClear = BLANK_OR_COMMENT.test(line) || !/['"`\\]/.test(line);
      if (!isClear || JOINED.test(line)) throw unsafe(source, i + 1);
    } else if (value === "open") {
      if (variable === name) throw unsafe(source, i + 1);
      open = rest.charAt(0);
    } else if (variable === name) {
      if (value === "unclear" || !isWhole) throw unsafe(source, i + 1);
      // The gap after a colon is needed; the gap between `=` and a comment belongs to the comment.
      const skipped = value.length === 0 && sign !== ":" ? 0 : gap.length;
      const start = at + lead.length + name.length + sign.length + skipped;
      found = { start, end: start + value.length, quote: value.quote };
    }
    at += piece.length + 1;
  }
  // A line that is added must not continue the last one.
  const continues = found === null && inShell?.at(-1) === "inside";
  if (open !== null || continues) throw unsafe(source);
  return found;
}

/** Reads the value after the `=`: `open` if it goes on in the next line, `unclear` if text follows its last quote. */
function readValue(rest: string, gap: string): { length: number; quote: Assignment["quote"] } | "open" | "unclear" {
  const first = rest.charAt(0);
  if (first !== "'" && first !== '"' && first !== "`") {
    // A shell takes `#` for a comment only after a blank; what it takes for the value is replaced too.
    const comment = `${gap}${rest}`.search(/[ \t]#/);
    const value = comment === -1 ? rest : rest.slice(0, Math.max(0, comment - gap.length));
    return { length: value.replace(/[ \t]+$/, "").length, quote: "" };
  }
  const end = ends(rest.slice(1), first);
  if (end === "later") return "open";
  if (end === "unclear" || first === "`") return "unclear";
  return { length: rest.indexOf(first, 1) + 1, quote: first };
}

/** Returns whether a quoted text ends in this line, with nothing but a comment after it. */
function ends(line: string, quote: string): "here" | "later" | "unclear" {
  const end = line.indexOf(quote);
  if (end === -1) return "later";
  // Readers disagree about an escaped quote.
  const isClear = line.charAt(end - 1) !== "\\" && /^[ \t]*(?:#.*)?$/.test(line.slice(end + 1));
  return isClear ? "here" : "unclear";
}

/**
 * Returns for each line whether a shell starts it outside of quotes, `null` if a shell cannot read the text: it is then no reader that
 * matters.
 */
function shellStates(text: string): ("outside" | "inside")[] | null {
  const states: ("outside" | "inside")[] = ["outside"];
  let quote = "";
  for (let i = 0; i < text.length; i++) {
    const char = text.charAt(i);
    const isEscape = char === "\\" && quote !== "'";
    if (isEscape) i++;
    if (text.charAt(i) === "\n") states.push(quote === "" && !isEscape ? "outside" : "inside");
    else if (isEscape) continue;
    else if (quote !== "") quote = char === quote ? "" : quote;
    else if (char === "'" || char === '"' || char === "`") quote = char;
    else if (char === "#" && /[\s;]|^$/.test(text.charAt(i - 1))) i = endOfLine(text, i) - 1;
  }
  return quote === "" ? states : null;
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end === -1 ? text.length : end;
}

function unsafe(source: string, line?: number): KeysError {
  const where = line === undefined ? source : `line ${String(line)} of ${source}`;
  return new KeysError("USAGE", `${where} has quotes or line breaks that programs read differently`, {
    hint: "simplify that line, or keep the token in a file of its own with --out <file>",
  });
}
