import type { Epoch } from "../../core/key.ts";
import type { Census } from "../key-index/census.ts";
import type { Counters } from "../verifier/counters.ts";
import type { KeySource } from "../verifier/key-source.ts";
import { Durations } from "./durations.ts";
import { formatMetrics } from "./format-metrics.ts";
import type { Readings, StoreReading } from "./metrics.ts";

/** Versions to count without a pause, in about 2 ms: requests must not wait for it. */
const ROWS = 10_000;

export interface TelemetryOptions {
  readonly counters: Readonly<Counters>;
  readonly source: Pick<KeySource, "states">;
  readonly now: () => Epoch;
  /** Returns milliseconds of a monotonic clock. */
  readonly ticks: () => number;
}

/** Reads what the metrics of a verifier are made from. */
export class Telemetry {
  readonly durations: Durations;
  readonly #options: TelemetryOptions;
  #reading: Promise<Readings> | null = null;

  constructor(options: TelemetryOptions) {
    this.durations = new Durations(options.ticks);
    this.#options = options;
  }

  /** Readers at the same time share one reading. */
  read(): Promise<Readings> {
    this.#reading ??= this.#read().finally(() => (this.#reading = null));
    return this.#reading;
  }

  /** Returns the metrics as text for Prometheus. */
  async format(): Promise<string> {
    return formatMetrics(await this.read(), this.durations);
  }

  async #read(): Promise<Readings> {
    const { counters, source, now } = this.#options;
    const at = now();
    const stores: StoreReading[] = [];
    for (const { index, position, lag, isFresh } of source.states(at)) {
      const census = index.census(at);
      await finish(census);
      stores.push({ seq: position.seq, lag, isFresh, keys: census.counts, nextEnd: census.nextEnd });
    }
    return { counters, stores };
  }
}

async function finish(census: Census): Promise<void> {
  while (!census.step(ROWS)) await new Promise<void>((resolve) => setImmediate(resolve));
}

const byVerifier = new WeakMap<object, Telemetry>();

export function setTelemetry(verifier: object, telemetry: Telemetry): void {
  byVerifier.set(verifier, telemetry);
}

/** Returns the telemetry of a verifier; undefined for an object that `createVerifier` did not make. */
export function telemetryOf(verifier: object): Telemetry | undefined {
  return byVerifier.get(verifier);
}
