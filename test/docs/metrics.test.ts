import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { createCounters } from "../../src/server/verifier/counters.ts";
import { prometheusName } from "../../src/server/metrics/format-metrics.ts";
import { DURATION, METRICS, type Readings } from "../../src/server/metrics/metrics.ts";
import { readPage, ROOT, spansOf, tableOf } from "./markdown.ts";
import { openSources, type Sample, type Sources } from "./samples.ts";

const page = readPage("docs/metrics.md");
const samples = page.blocks
  .filter(({ lang }) => lang === "ts")
  .map(({ text, line }, i): Sample => {
    const local = text.replace('from "mcp-keys"', 'from "./index.ts"');
    return { path: `src/metrics-sample-${i}.ts`, text: local, line };
  });

const READINGS: Readings = {
  counters: { ...createCounters(), lastAcceptedAt: 1 },
  stores: [
    {
      ...{ seq: 1, lag: 0, isFresh: true, nextEnd: 1 },
      keys: { active: 1, expiring: 0, expired: 0, disabled: 0, revoked: 0 },
    },
  ],
};

describe("docs/metrics.md", () => {
  let sources: Sources;
  beforeAll(() => {
    sources = openSources(samples, []);
  });

  test.each(samples)("the sample on line $line compiles", (sample) => {
    expect(sources.faults(sample)).toEqual([]);
  });

  test("the dashboard of the example queries every metric, and no other", () => {
    const path = join(ROOT, "examples/observability/dashboard.json");
    const dashboard = JSON.parse(readFileSync(path, "utf8")) as { panels: { targets: { expr: string }[] }[] };
    const queries = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
    const queried = queries.flatMap((query) => query.match(/mcp_keys_\w+/g) ?? []);
    const names = [...METRICS, DURATION].map(prometheusName);
    expect([...new Set(queried.map((name) => name.replace(/_(?:bucket|sum|count)$/, "")))].sort()).toEqual(
      names.sort(),
    );
    const labels = new Set(METRICS.flatMap((metric) => Object.keys(metric.read(READINGS)[0]!.labels)));
    const used = queries.flatMap((query) => [...query.matchAll(/(\w+)!?=~?"|by \(([\w, ]+)\)/g)]);
    const known = [...labels, "job", "instance", "le"];
    const stray = used
      .flatMap(([, label, list]) => (label ?? list!).split(", "))
      .filter((each) => !known.includes(each));
    expect(stray).toEqual([]);
  });

  test("lists every metric with its type and labels", () => {
    const written = tableOf(page, "The metrics", "metric").rows.map(([name, type, labels]) => ({
      name: spansOf(name!)[0],
      type,
      labels: spansOf(labels!),
    }));
    const gauges = METRICS.map((metric) => ({
      name: prometheusName(metric),
      type: metric.kind,
      labels: Object.keys(metric.read(READINGS)[0]!.labels),
    }));
    expect(written).toEqual([...gauges, { name: prometheusName(DURATION), type: "histogram", labels: ["le"] }]);
  });
});
