import { setTimeout as sleep } from "node:timers/promises";
import { KeysError } from "../../errors.ts";
import { lockHead, type Tables } from "./tables.ts";

/** Pauses between the questions, in milliseconds: time to restart, and a minute in all if nothing answers. */
const PAUSES = [0, 100, 250, 500, 1_000, 2_000, 4_000, 4_000];

/**
 * Finds out whether a change was saved though the answer to its commit was lost. The lock of the head makes the answer final: it is free
 * only once the lost transaction has ended.
 * @param id - the `change_id`
 * @throws {@link KeysError} `STORE_UNAVAILABLE` if the database stays away
 */
export async function settle(
  { database, schema, place }: Tables,
  id: string,
  cause: unknown,
  pauses: readonly number[] = PAUSES,
): Promise<boolean> {
  for (const pause of pauses) {
    await sleep(pause);
    try {
      const rows = await database.use((session) =>
        session.transact(lockHead(schema), () =>
          session.query(`select seq::text from ${schema}.changes where change_id = $1`, [id]),
        ),
      );
      return rows.length > 0;
    } catch {
      // A server that recovers rejects logins for a while, and a lost transaction may still hold the lock.
    }
  }
  throw new KeysError("STORE_UNAVAILABLE", `${place} ended the connection, and the change may have been saved`, {
    hint: "once the database answers, see whether it was: mcp-keys audit",
    cause,
  });
}
