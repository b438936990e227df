import { shellQuote } from "../../../core/shell-quote.ts";
import { KeysError } from "../../../errors.ts";
import type { Place } from "../disk/folder.ts";

/**
 * Refuses a journal whose digests are not where they are looked for, by the bytes it begins with: one journal is of one kind.
 * In the text of a member these words could not stand, since its quotes would have backslashes.
 * @throws {@link KeysError} `STORE_UNAVAILABLE`
 */
export function checkKind({ path, digests = "here" }: Place, bytes: Buffer): void {
  if (digests === "here" && bytes.includes('"digest":"kept:')) {
    throw new KeysError("STORE_UNAVAILABLE", `${path} is the journal of a keychain: its digests are not in it`, {
      hint: "open it with: --store keychain:",
    });
  }
  if (digests === "elsewhere" && (bytes.includes('"digest":"sha256:') || bytes.includes('"digest":"hmac-sha256:'))) {
    throw new KeysError("STORE_UNAVAILABLE", `${path} is the journal of a file store: it belongs to no keychain`, {
      hint: `open it with: --store file:${shellQuote(path)}`,
    });
  }
}
