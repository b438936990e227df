import { metrics } from "@opentelemetry/api";
import { DataPointType, MeterProvider, MetricReader, type MetricData } from "@opentelemetry/sdk-metrics";
import { expect, onTestFinished, test } from "vitest";
import { instrument, type MeterLike } from "../../../src/server/metrics/instrument.ts";
import { TIMED_ONE_IN } from "../../../src/server/metrics/durations.ts";
import { prometheusName } from "../../../src/server/metrics/format-metrics.ts";
import type { Verifier } from "../../../src/server/verifier/verifier.ts";
import { createFixture } from "../fixture.ts";
import { parseExposition } from "./exposition.ts";

/** Collects on demand. */
class Reader extends MetricReader {
  protected override async onShutdown() {}
  protected override async onForceFlush() {}
}

function openMeter() {
  const reader = new Reader();
  const provider = new MeterProvider({ readers: [reader] });
  onTestFinished(() => provider.shutdown());
  const collect = async (): Promise<MetricData[]> => {
    const { resourceMetrics, errors } = await reader.collect();
    expect(errors).toEqual([]);
    return resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
  };
  return { meter: provider.getMeter("test"), collect };
}

/** Returns the samples of all metrics but the histogram as Prometheus names them. */
function samplesOf(collected: readonly MetricData[]): Record<string, number> {
  const samples = collected.flatMap((each) => {
    if (each.dataPointType === DataPointType.HISTOGRAM) return [];
    const { name, unit } = each.descriptor;
    const kind = each.dataPointType === DataPointType.SUM ? "counter" : "gauge";
    return each.dataPoints.map(({ attributes, value }) => {
      const labels = Object.entries(attributes).map(([label, text]) => `${label}="${String(text)}"`);
      const key = prometheusName({ name, kind, unit });
      return [labels.length === 0 ? key : `${key}{${labels.join(",")}}`, value as number] as const;
    });
  });
  return Object.fromEntries(samples);
}

test("OpenTelemetry collects the same values as the text for Prometheus", async () => {
  const { verifier, issue, clock } = await createFixture();
  const { meter, collect } = openMeter();
  instrument(verifier, meter);
  const token = await issue("ci", { expiresAt: clock.now + 100 });
  for (let i = 0; i < 5; i++) verifier.verify(token);
  verifier.verifyHeader("Basic x");

  const text = [...parseExposition(await verifier.metrics())].filter(([, { type }]) => type !== "histogram");
  const expected = Object.fromEntries(text.flatMap(([, { samples }]) => [...samples]));
  expect(samplesOf(await collect())).toEqual(expected);
  expect(expected).toMatchObject({ 'mcp_keys_verdicts_total{outcome="accepted",reason="none"}': 5 });
});

test("OpenTelemetry gets the durations, in buckets for a verdict", async () => {
  const { verifier } = await createFixture();
  const { meter, collect } = openMeter();
  instrument(verifier, meter);
  for (let i = 0; i < 2 * TIMED_ONE_IN; i++) verifier.verifyHeader(null);
  const found = (await collect()).find(({ descriptor }) => descriptor.name === "mcp_keys.verify.duration");
  expect(found?.descriptor.unit).toBe("s");
  const [point] = found!.dataPoints;
  expect(point!.value).toMatchObject({ count: 2, buckets: { boundaries: expect.arrayContaining([1e-6, 1e-3]) } });
});

test("the function that instrument returns ends the reports", async () => {
  const { verifier } = await createFixture();
  const { meter, collect } = openMeter();
  const stop = instrument(verifier, meter);
  verifier.verifyHeader(null);
  await collect();
  stop();
  for (let i = 0; i < TIMED_ONE_IN; i++) verifier.verifyHeader(null);
  const missing = 'mcp_keys_verdicts_total{outcome="refused",reason="missing"}';
  expect([verifier.counters.refused.missing, samplesOf(await collect())[missing]]).toEqual([1 + TIMED_ONE_IN, 1]);
});

test("a meter that fails changes no verdict", async () => {
  const { verifier, issue } = await createFixture();
  const token = await issue("ci");
  const broken: MeterLike = {
    createHistogram: () => ({
      record() {
        throw new Error("no");
      },
    }),
    createObservableCounter: () => ({}),
    createObservableGauge: () => ({}),
    addBatchObservableCallback() {},
    removeBatchObservableCallback() {},
  };
  instrument(verifier, broken);
  for (let i = 0; i < 2 * TIMED_ONE_IN; i++) expect(verifier.verify(token).ok).toBe(true);
});

test("a meter that throws at the start leaves nothing behind", async () => {
  const { verifier } = await createFixture();
  const recorded: number[] = [];
  const fail = (): never => {
    throw new Error("no");
  };
  const meter = { createHistogram: () => ({ record: (value: number) => recorded.push(value) }) };
  const broken = { ...meter, createObservableCounter: fail, createObservableGauge: fail };
  const methods = { addBatchObservableCallback: fail, removeBatchObservableCallback: fail };
  expect(() => instrument(verifier, { ...broken, ...methods })).toThrow("no");
  for (let i = 0; i < 2 * TIMED_ONE_IN; i++) verifier.verifyHeader(null);
  expect(recorded).toEqual([]);
});

test("the default meter of the API, which does nothing, is accepted", async () => {
  const { verifier } = await createFixture();
  instrument(verifier, metrics.getMeter("mcp-keys"))();
});

test("refuses what is no meter, and a copy of a verifier", async () => {
  const { verifier } = await createFixture();
  const { meter } = openMeter();
  const usage = expect.objectContaining({ code: "USAGE" });
  expect(() => instrument(verifier, {} as MeterLike)).toThrow(usage);
  expect(() => instrument({} as Verifier, meter)).toThrow(usage);
  expect(() => instrument({ ...verifier }, meter)).toThrow(usage);
});
