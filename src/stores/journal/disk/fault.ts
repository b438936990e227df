import { dirname } from "node:path";
import { KeysError } from "../../../errors.ts";
import { shellQuote } from "../../../core/shell-quote.ts";

/** System error codes → the message and the hint. */
const FAULTS: Readonly<Record<string, (path: string) => { what: string; hint: string }>> = {
  EACCES: (path) => ({
    what: "permission denied",
    hint: `run as the owner of ${path}, or choose another store: --store file:<path>`,
  }),
  EPERM: (path) => ({
    what: "not permitted",
    hint: `run as the owner of ${path}, or choose another store: --store file:<path>`,
  }),
  EROFS: () => ({
    what: "the disk is read-only",
    hint: "choose a store on a writable disk: --store file:<path>",
  }),
  ENOSPC: (path) => ({
    what: "the disk is full",
    hint: `free some space and run the command again; see what is full with: df -h ${shellQuote(dirname(path))}`,
  }),
  EDQUOT: () => ({
    what: "the disk quota is used up",
    hint: "free some space and run the command again; see your quota with: quota -s",
  }),
  EFBIG: () => ({
    what: "the file has reached a size limit",
    hint: "raise the limit with: ulimit -f unlimited; or start a new history with: mcp-keys audit --archive <file>",
  }),
  ENOENT: (path) => ({
    what: "part of the path is missing",
    hint: `check the path with: ls -ld ${shellQuote(path)}`,
  }),
  ENOTDIR: (path) => ({
    what: "part of the path is not a folder",
    hint: `check the path with: ls -ld ${shellQuote(path)}`,
  }),
  EISDIR: (path) => ({
    what: "it is a folder",
    hint: `choose a file inside it: --store file:${shellQuote(`${path}/keys.jsonl`)}`,
  }),
  EXDEV: () => ({ what: "it is on a different disk", hint: "choose a path on the same disk" }),
  EIO: () => ({
    what: "the disk reports an error",
    hint: "check the disk, then see which keys there are: mcp-keys list",
  }),
  EMFILE: () => ({ what: "too many open files", hint: "raise the limit with: ulimit -n 4096" }),
  ENAMETOOLONG: () => ({ what: "the path is too long", hint: "choose a shorter path: --store file:<path>" }),
};

/** Converts a file system error to `STORE_UNAVAILABLE` with a fitting hint. Returns a {@link KeysError} unchanged. */
export function faultOf(cause: unknown, doing: "read" | "write" | "create" | "replace", path: string): KeysError {
  if (cause instanceof KeysError) return cause;
  const code = codeOf(cause);
  const { what, hint } = FAULTS[code ?? ""]?.(path) ?? { what: code ?? "unknown error", hint: undefined };
  return new KeysError("STORE_UNAVAILABLE", `cannot ${doing} ${path}: ${what}`, {
    cause,
    ...(hint !== undefined && { hint }),
  });
}

/** Whether there is no room for another byte. Also looks at the cause of a {@link KeysError}. */
export function isFull(cause: unknown): boolean {
  const code = codeOf(cause instanceof KeysError ? cause.cause : cause);
  return code === "ENOSPC" || code === "EDQUOT";
}

/** Returns the `code` of a system error, for example `ENOENT`. */
export function codeOf(cause: unknown): string | undefined {
  return cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : undefined;
}

/** Builds a `STORE_DAMAGED` error for a line. Lines count from 1, as in an editor. */
export function damaged(path: string, line: number, what: string): KeysError {
  return new KeysError("STORE_DAMAGED", `line ${line} of ${path} is damaged: ${what}`, {
    hint: "restore the file from a backup; nothing was changed",
  });
}
