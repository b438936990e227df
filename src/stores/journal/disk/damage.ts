import { KeysError } from "../../../errors.ts";

/** `STORE_DAMAGED`, naming the line, counted from 1 as editors do. */
export function damaged(path: string, line: number, what: string): KeysError {
  return new KeysError("STORE_DAMAGED", `line ${line} of ${path} is damaged: ${what}`, {
    hint: "restore the file from a backup; nothing was changed",
  });
}
