import type { Secret } from "../core/secret.ts";
import { findAssignment, type Assignment } from "./scan-dotenv.ts";
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
