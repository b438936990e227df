import { readFile } from "node:fs/promises";
import { KeysError } from "../errors.ts";
import { parseServerUrl } from "../probe/mcp/server-url.ts";

/** A line of the list that is neither empty nor a comment. */
interface ListedUrl {
  /** Counted from 1. */
  readonly line: number;
  readonly url: URL;
}

/**
 * Reads the servers of `--verify-all`.
 * @throws {@link KeysError} `USAGE` for an unreadable or empty file; for an unusable URL, with its line
 */
export async function readUrlList(path: string): Promise<ListedUrl[]> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw new KeysError("USAGE", "cannot read the file of --verify-all", {
      hint: "write one URL a line; # starts a comment",
      cause,
    });
  }
  return parseUrlList(text);
}

/**
 * Parses one URL a line. `#` starts a comment at the start of a line or after a space. Errors name the line and never quote it.
 * @throws {@link KeysError} `USAGE`
 */
export function parseUrlList(text: string): ListedUrl[] {
  const listed = text
    .replace(/^\uFEFF/, "")
    .split(/\r\n|\n|\r/)
    .map((each, i) => ({ line: i + 1, text: each.replace(/(?:^|\s)#.*$/, "").trim() }))
    .filter((each) => each.text !== "")
    .map((each) => ({ line: each.line, url: parseLine(each) }));
  if (listed.length > 0) return listed;
  throw new KeysError("USAGE", "the file of --verify-all contains no URL", { hint: "write one URL a line" });
}

function parseLine({ line, text }: { line: number; text: string }): URL {
  if (/\s/.test(text)) throw inLine(line, "more than one word", "write one URL a line; # starts a comment");
  try {
    return parseServerUrl(text, null);
  } catch (error) {
    if (error instanceof KeysError) throw inLine(line, error.message, error.hint);
    throw error;
  }
}

function inLine(line: number, message: string, hint: string): KeysError {
  return new KeysError("USAGE", `line ${String(line)} of --verify-all: ${message}`, { hint });
}
