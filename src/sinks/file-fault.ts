import { platform } from "node:os";
import { dirname } from "node:path";
import { KeysError } from "../errors.ts";

/** A pipe takes a write of this many bytes whole or not at all (`PIPE_BUF`). POSIX guarantees 512. */
const ATOMIC_BYTES = platform() === "linux" ? 4096 : 512;

/** Returns the errno of a failed system call, or `unknown`. */
export function errnoOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "unknown";
}

/** Returns a `DELIVERY_FAILED` for a system call that failed on `path` or in its folder, with a hint for that errno. */
export function fileFault(path: string, cause: unknown): KeysError {
  const { message, hint } = describe(path, errnoOf(cause));
  return new KeysError("DELIVERY_FAILED", message, { hint, cause });
}

/**
 * Returns the fault for a failed write to a stream: `DELIVERY_UNCERTAIN` if a part of the text may have arrived.
 * @param stream - the name of the stream, for the message
 * @param cause - the error of the system call, or a `KeysError` with it as its cause; `written` counts the bytes before it
 * @param code - the code if nothing arrived
 */
export function writeFault(
  stream: string,
  text: string,
  cause: unknown,
  code: "DELIVERY_FAILED" | "OUTPUT_FAILED" = "DELIVERY_FAILED",
): KeysError {
  const fault = (cause instanceof KeysError ? cause.cause : cause) as { written?: number };
  const errno = errnoOf(fault);
  const message = errno === "EPIPE" ? `nothing reads ${stream} any more` : `cannot write to ${stream} (${errno})`;
  const isCertain = fault.written === undefined ? Buffer.byteLength(text) <= ATOMIC_BYTES : fault.written === 0;
  return new KeysError(isCertain ? code : "DELIVERY_UNCERTAIN", message, { cause: fault });
}

function describe(path: string, errno: string): { message: string; hint: string } {
  const folder = dirname(path);
  switch (errno) {
    case "ENOENT":
      return {
        message: `the folder ${folder} does not exist`,
        hint: `create it with: mkdir -p -m 700 ${quote(folder)}`,
      };
    case "ENOTDIR":
      return { message: `${folder} is not a folder`, hint: "choose another file" };
    case "EACCES":
    case "EPERM":
      return {
        message: `cannot write in ${folder}: permission denied`,
        hint: "choose a file in a folder you can write to",
      };
    case "EROFS":
      return {
        message: `cannot write in ${folder}: the disk is read-only`,
        hint: "choose a file on a writable disk",
      };
    case "ENOSPC":
    case "EDQUOT":
      return { message: `no space is left for ${path}`, hint: "free some space and run the same command again" };
    case "ENAMETOOLONG":
      return { message: "the file name is too long", hint: "choose a shorter name" };
    default:
      return { message: `cannot write ${path} (${errno})`, hint: "choose another file" };
  }
}

function quote(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}
