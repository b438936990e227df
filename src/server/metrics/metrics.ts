import type { Status } from "../../core/key.ts";
import type { Code } from "../../errors.ts";
import { nameOf, type Counters } from "../verifier/counters.ts";

/** What the metrics are made from, at one time. */
export interface Readings {
  readonly counters: Readonly<Counters>;
  readonly stores: readonly StoreReading[];
}

/** What a verifier knows about one store. */
export interface StoreReading {
  readonly seq: number;
  /** Seconds since the last successful read. */
  readonly lag: number;
  readonly isFresh: boolean;
  readonly keys: Readonly<Record<Status, number>>;
  /** When the next enabled key stops working: epoch seconds, `Infinity` for never. */
  readonly nextEnd: number;
}

/** A value with its labels. */
export interface Sample {
  readonly value: number;
  readonly labels: Readonly<Record<string, string>>;
}

export interface Metric {
  /** In the form of OpenTelemetry. Prometheus has `_` for `.`, and adds `_seconds` for the unit and `_total` for a counter. */
  readonly name: string;
  readonly kind: "counter" | "gauge";
  readonly unit?: "s";
  readonly help: string;
  readonly read: (readings: Readings) => readonly Sample[];
}

/** The histogram of `durations.ts`. */
export const DURATION = {
  ...{ name: "mcp_keys.verify.duration", kind: "histogram", unit: "s" },
  help: "Duration of a verdict, from one in 32.",
} as const;

/** All other metrics. `store` is the place of a store in the list of the verifier, from 0. No label names a key. */
export const METRICS: readonly Metric[] = [
  {
    ...{ name: "mcp_keys.verdicts", kind: "counter" },
    help: "Verdicts about tokens, by outcome and reason.",
    read: ({ counters: { accepted, refused, unavailableByCode } }) => [
      sample(accepted, { outcome: "accepted", reason: "none" }),
      ...Object.entries(refused).map(([reason, count]) => sample(count, { outcome: "refused", reason })),
      ...byCode(unavailableByCode, ["STORE_UNAVAILABLE", "PEPPER_MISSING"]).map(([reason, count]) =>
        sample(count, { outcome: "unavailable", reason }),
      ),
    ],
  },
  {
    ...{ name: "mcp_keys.store.lag", kind: "gauge", unit: "s" },
    help: "Time since the last successful read of a store.",
    read: ofStores(({ lag }) => lag),
  },
  {
    ...{ name: "mcp_keys.store.seq", kind: "gauge" },
    help: "Number of the last change that was read from a store.",
    read: ofStores(({ seq }) => seq),
  },
  {
    ...{ name: "mcp_keys.store.fresh", kind: "gauge" },
    help: "Whether memory may still answer for a store: 1 or 0.",
    read: ofStores(({ isFresh }) => (isFresh ? 1 : 0)),
  },
  {
    ...{ name: "mcp_keys.keys", kind: "gauge" },
    help: "Keys in a store, by their status.",
    read: ({ stores }) =>
      stores.flatMap(({ keys }, i) =>
        Object.entries(keys).map(([status, count]) => sample(count, { status, store: String(i) })),
      ),
  },
  {
    ...{ name: "mcp_keys.next_expiry.timestamp", kind: "gauge", unit: "s" },
    help: "When the next enabled key of a store stops working. Absent while none will.",
    read: ofStores(({ nextEnd }) => (nextEnd === Infinity ? null : nextEnd)),
  },
  {
    ...{ name: "mcp_keys.last_accept.timestamp", kind: "gauge", unit: "s" },
    help: "When a token was last accepted. Absent before the first time.",
    read: ({ counters: { lastAcceptedAt: at } }) => (at === null ? [] : [sample(at, {})]),
  },
  {
    ...{ name: "mcp_keys.store.faults", kind: "counter" },
    help: "Failed reads of a store, by the code of the error.",
    read: ({ counters }) => byCode(counters.faultsByCode, STORE_CODES).map(([kind, count]) => sample(count, { kind })),
  },
  {
    ...{ name: "mcp_keys.streams.closed", kind: "counter" },
    help: "Open streams that were ended because their key stopped being valid, by the reason.",
    read: ({ counters }) => Object.entries(counters.streamsClosed).map(([reason, count]) => sample(count, { reason })),
  },
];

/** The usual codes of a failed read. */
const STORE_CODES: readonly Code[] = [
  ...(["STORE_UNAVAILABLE", "STORE_LOCKED", "STORE_INSECURE"] as const),
  ...(["STORE_DAMAGED", "STORE_REWOUND", "KEYSET_INVALID"] as const),
];

function sample(value: number, labels: Sample["labels"]): Sample {
  return { value, labels };
}

function ofStores(read: (store: StoreReading) => number | null): Metric["read"] {
  return ({ stores }) =>
    stores.flatMap((store, i) => {
      const value = read(store);
      return value === null ? [] : [sample(value, { store: String(i) })];
    });
}

/** Lists counts by code, in the spelling of reasons: `store-unavailable`. `always` are listed with 0 too, so a rate sees the first. */
function byCode(counts: Counters["faultsByCode"], always: readonly Code[]): [kind: string, count: number][] {
  const codes = new Set([...always, ...(Object.keys(counts) as Code[])]);
  return [...codes].map((code) => [nameOf(code), counts[code] ?? 0]);
}
