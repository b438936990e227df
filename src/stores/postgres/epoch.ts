import { randomUUID } from "node:crypto";
import type { Position } from "../../core/position.ts";
import type { Change, EpochOptions } from "../store.ts";
import { toRecord } from "./records.ts";
import { storeChange } from "./store-change.ts";
import type { Tables } from "./tables.ts";
import { writeAtHead } from "./write.ts";

/** Implements {@link KeyStore.startEpoch}. The new epoch starts after the old one, even if the database's clock went back. */
export async function startEpoch(tables: Tables, { at, by }: EpochOptions): Promise<Position> {
  const { schema, continuity } = tables;
  const [id, epoch] = [randomUUID(), randomUUID()];
  const write = () =>
    writeAtHead(
      tables,
      async (session, head, notify) => {
        const change: Change = { seq: head.seq + 1, at, by, op: "adopt", keys: [] };
        const record = toRecord(change, head.sum);
        await storeChange(session, schema, { change, id, record, notify });
        await session.query(
          `update ${schema}.head set epoch = $1, started = greatest(clock_timestamp(), started + interval '1 microsecond')`,
          [epoch],
        );
        return { change, id, head: { ...head, epoch, seq: change.seq, sum: record.sum } };
      },
      false,
    );
  const { seq } = await write();
  continuity.forget();
  return { epoch, seq };
}
