import { checkArgument, type Rule } from "../../core/options.ts";
import { isObject } from "../../core/type-guards.ts";
import { KeysError } from "../../errors.ts";
import { checkVerifier } from "../verifier/check-verifier.ts";
import type { Verifier } from "../verifier/verifier.ts";
import { BOUNDS } from "./durations.ts";
import { DURATION, METRICS } from "./metrics.ts";
import { telemetryOf } from "./telemetry.ts";

/**
 * The parts of a `Meter` of `@opentelemetry/api` that {@link instrument} uses, declared here to avoid a dependency on it.
 * @example
 * ```ts
 * import type { MeterLike } from "mcp-keys";
 *
 * const canObserve = (meter: Partial<MeterLike>): boolean => typeof meter.addBatchObservableCallback === "function";
 * ```
 */
export interface MeterLike {
  createHistogram(name: string, options: InstrumentOptions): { record(value: number): void };
  createObservableCounter(name: string, options: InstrumentOptions): object;
  createObservableGauge(name: string, options: InstrumentOptions): object;
  addBatchObservableCallback(callback: ObserveAll, instruments: object[]): void;
  removeBatchObservableCallback(callback: ObserveAll, instruments: object[]): void;
}

interface InstrumentOptions {
  readonly description: string;
  readonly unit: string;
  readonly advice?: { explicitBucketBoundaries: number[] };
}

type ObserveAll = (result: {
  // Any instrument: those of OpenTelemetry have a type of their own.
  observe(instrument: never, value: number, attributes: Record<string, string>): void;
}) => Promise<void>;

const METHODS = ["createHistogram", "createObservableCounter", "createObservableGauge", "addBatchObservableCallback"];
const METER: Rule = {
  what: "a meter",
  is: (value) => isObject(value) && METHODS.every((name) => typeof value[name] === "function"),
  hint: 'pass one of @opentelemetry/api: metrics.getMeter("mcp-keys")',
};

/**
 * Reports the metrics of a verifier to OpenTelemetry: those of {@link Verifier.metrics}, with names like `mcp_keys.store.lag`, which
 * become `mcp_keys_store_lag_seconds` in Prometheus. Reads them when the meter collects, so requests do not wait.
 * @returns a function that ends it
 * @throws {@link KeysError} `USAGE` for something else than a verifier from `createVerifier` and a meter
 * @example
 * ```ts
 * import { createVerifier, instrument, openStore, type MeterLike } from "mcp-keys";
 *
 * async function start(meter: MeterLike): Promise<() => void> {
 *   const verifier = await createVerifier({ store: await openStore() });
 *   return instrument(verifier, meter);
 * }
 * ```
 */
export function instrument(verifier: Verifier, meter: MeterLike): () => void {
  checkVerifier("instrument", verifier);
  checkArgument("meter of instrument", meter, METER);
  const telemetry = telemetryOf(verifier);
  if (telemetry === undefined) {
    throw new KeysError("USAGE", "instrument got a copy of a verifier", {
      hint: "pass the object that createVerifier returned",
    });
  }
  const histogram = meter.createHistogram(DURATION.name, {
    ...{ description: DURATION.help, unit: DURATION.unit },
    advice: { explicitBucketBoundaries: [...BOUNDS] },
  });
  const observed = METRICS.map((metric) => {
    const options = { description: metric.help, unit: metric.unit ?? "" };
    const isCounter = metric.kind === "counter";
    const created = isCounter
      ? meter.createObservableCounter(metric.name, options)
      : meter.createObservableGauge(metric.name, options);
    return { metric, created };
  });
  const instruments = observed.map(({ created }) => created);
  const observeAll: ObserveAll = async (result) => {
    const readings = await telemetry.read();
    for (const { metric, created } of observed) {
      for (const { value, labels } of metric.read(readings)) result.observe(created as never, value, { ...labels });
    }
  };
  meter.addBatchObservableCallback(observeAll, instruments);
  // Last: a meter that throws leaves nothing behind.
  const stop = telemetry.durations.listen((seconds) => histogram.record(seconds));
  return () => {
    stop();
    meter.removeBatchObservableCallback(observeAll, instruments);
  };
}
