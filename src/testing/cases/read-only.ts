import { rejects, same } from "../assertions.ts";
import type { Cases } from "../contract-case.ts";
import { aDraft, keyNo } from "../samples.ts";

/** What a read-only store does with writes. */
export const readOnlyCases: Cases = {
  "rejects every write": async ({ store }) => {
    same(store.readOnly, true);
    await rejects(store.write(aDraft([keyNo(1)])), "STORE_READ_ONLY");
    await rejects(store.touch([]), "STORE_READ_ONLY");
    same(await store.usage(), { uses: [], reports: [], publishedAt: null });
  },
};
