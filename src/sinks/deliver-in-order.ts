import { KeysError } from "../errors.ts";
import type { Sink } from "./sink.ts";

/** A text for one destination. */
export interface Parcel {
  readonly sink: Sink;
  readonly text: string;
}

/**
 * Delivers to one destination after the other, and stops at the first failure. The message then names the destination that failed and
 * those that have their text.
 * @throws `KeysError` as the sink does, but `DELIVERY_UNCERTAIN` if an earlier destination has its text
 */
export async function deliverInOrder(parcels: readonly Parcel[]): Promise<void> {
  const arrived: string[] = [];
  for (const { sink, text } of parcels) {
    try {
      arrived.push((await sink.deliver(text)).to);
    } catch (error) {
      if (!(error instanceof KeysError) || parcels.length === 1) throw error;
      const { code, message, hint } = error;
      const rest = arrived.length === 0 ? "" : `; already delivered to ${arrived.join(" and ")}`;
      throw new KeysError(arrived.length === 0 ? code : "DELIVERY_UNCERTAIN", `${sink.to}: ${message}${rest}`, {
        hint: arrived.length === 0 ? hint : "fix it and run the same command again; the delivered token works too",
        cause: error,
      });
    }
  }
}
