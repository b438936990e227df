import { KeysError } from "../../../errors.ts";
import { shellQuote } from "../../../core/shell-quote.ts";

/** What the operating system says, in words, and what to do about it. */
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
    hint: "choose a store on a disk that can be written: --store file:<path>",
  }),
  ENOSPC: () => ({ what: "the disk is full", hint: "free some space and run the command again; nothing was changed" }),
  EDQUOT: () => ({
    what: "the disk quota is used up",
    hint: "free some space and run the command again; nothing was changed",
  }),
  ENOENT: (path) => ({
    what: "a part of the path is missing",
    hint: `see what is there with: ls -ld ${shellQuote(path)}`,
  }),
  ENOTDIR: (path) => ({
    what: "a part of the path is not a folder",
    hint: `see what is there with: ls -ld ${shellQuote(path)}`,
  }),
  EISDIR: (path) => ({
    what: "it is a folder",
    hint: `name a file in it: --store file:${shellQuote(`${path}/keys.jsonl`)}`,
  }),
  EXDEV: () => ({ what: "it is on another disk", hint: "choose a path on the same disk" }),
  EIO: () => ({ what: "the disk reports an error", hint: "check the disk; nothing is known to have changed" }),
  EMFILE: () => ({ what: "too many open files", hint: "raise the limit with: ulimit -n 4096" }),
  ENAMETOOLONG: () => ({ what: "the path is too long", hint: "choose a shorter path: --store file:<path>" }),
};

/** A failure of the file system as a `STORE_UNAVAILABLE` with its own hint. What is already a {@link KeysError} stays. */
export function faultOf(cause: unknown, doing: "read" | "write" | "create" | "replace", path: string): KeysError {
  if (cause instanceof KeysError) return cause;
  const code = codeOf(cause);
  const { what, hint } = FAULTS[code ?? ""]?.(path) ?? { what: code ?? "unknown failure", hint: undefined };
  return new KeysError("STORE_UNAVAILABLE", `cannot ${doing} ${path}: ${what}`, {
    cause,
    ...(hint !== undefined && { hint }),
  });
}

/** The `code` of a system error, such as `ENOENT`. */
export function codeOf(cause: unknown): string | undefined {
  return cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : undefined;
}
