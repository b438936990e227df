import { dirname } from "node:path";
import { KeysError } from "../errors.ts";

/** The errno of a failed system call, or `unknown`. */
export function errnoOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "unknown";
}

/** `DELIVERY_FAILED` for a system call on `path` or in its folder, in words and with the next step. */
export function fileFault(path: string, cause: unknown): KeysError {
  const { message, hint } = describe(path, errnoOf(cause));
  return new KeysError("DELIVERY_FAILED", message, { hint, cause });
}

function describe(path: string, errno: string): { message: string; hint: string } {
  const folder = dirname(path);
  switch (errno) {
    case "ENOENT":
      return { message: `there is no folder ${folder}`, hint: `create it with: mkdir -p -m 700 ${quote(folder)}` };
    case "ENOTDIR":
      return { message: `${folder} is not a folder`, hint: "choose another file" };
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return { message: `cannot write in ${folder}`, hint: "choose a file in a folder you may write in" };
    case "ENOSPC":
    case "EDQUOT":
      return { message: `no space is left for ${path}`, hint: "free some space and run the same command again" };
    case "ENAMETOOLONG":
      return { message: "the name of the file is too long", hint: "choose a shorter name" };
    default:
      return { message: `cannot write ${path} (${errno})`, hint: "choose another file" };
  }
}

function quote(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}
