import { KeysError } from "../../../errors.ts";
import type { Chain } from "../format/chain.ts";
import { NOWHERE } from "../format/record.ts";

/**
 * Checks that the file now at `path` continues the history that was read before from another file or at another time.
 * @throws {@link KeysError} `STORE_DAMAGED` if known records are missing, as in an older copy; `STORE_UNAVAILABLE` if the
 *   journal had ended and is gone
 */
export function checkContinuity(path: string, before: Chain | null, after: Chain | null): void {
  if (before === null || before.seq === 0) return;
  // The first record of the following file has the same seq as the seal.
  const sealed = before.next !== null && before.next !== NOWHERE;
  const seq = sealed ? before.seq - 1 : before.seq;
  if (after !== null && sealed && after.heads.base > seq) return;
  if (after?.heads.has(seq, sealed ? before.heads.prefixOf(seq) : before.head) === true) return;
  if (before.next === NOWHERE) {
    throw new KeysError("STORE_UNAVAILABLE", `${path} has ended: its keys were moved to another store`, {
      hint: "restart the process that reads it with the other store",
    });
  }
  throw new KeysError("STORE_DAMAGED", `the history of ${path} went back: records that were read before are missing`, {
    hint: "restore the newer file; if you want the older one, restart the process that reads it",
  });
}
