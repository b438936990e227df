import { BOUNDS, type Durations } from "./durations.ts";
import { DURATION, METRICS, type Metric, type Readings, type Sample } from "./metrics.ts";

type Described = Pick<Metric, "name" | "help"> & { readonly kind: string; readonly unit?: string };

/**
 * Formats all metrics as text.
 * @see Prometheus, Exposition formats, text format 0.0.4
 */
export function formatMetrics(readings: Readings, durations: Durations): string {
  const families = METRICS.map((metric) => [
    ...head(metric),
    ...metric.read(readings).map((each) => line(prometheusName(metric), each)),
  ]);
  return [...families.flat(), ...histogram(durations), ""].join("\n");
}

function histogram({ counts, sum }: Durations): string[] {
  const name = prometheusName(DURATION);
  let total = 0;
  const buckets = counts.map((count, i) => {
    total += count;
    return line(`${name}_bucket`, { value: total, labels: { le: formatNumber(BOUNDS[i] ?? Infinity) } });
  });
  const rest = { _sum: sum, _count: total };
  return [
    ...head(DURATION),
    ...buckets,
    ...Object.entries(rest).map(([suffix, value]) => line(name + suffix, { value, labels: {} })),
  ];
}

/** Returns the name of a metric in Prometheus: the same that Prometheus and the Collector give to metrics of OpenTelemetry. */
export function prometheusName({ name, kind, unit }: Omit<Described, "help">): string {
  const suffixes = [unit === "s" ? "_seconds" : "", kind === "counter" ? "_total" : ""];
  return name.replaceAll(".", "_") + suffixes.join("");
}

function head(metric: Described): string[] {
  const name = prometheusName(metric);
  return [`# HELP ${name} ${metric.help.replace(/[\\\n]/g, escape)}`, `# TYPE ${name} ${metric.kind}`];
}

function line(name: string, { value, labels }: Sample): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${text.replace(/[\\"\n]/g, escape)}"`);
  return `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${formatNumber(value)}`;
}

function escape(char: string): string {
  return char === "\n" ? "\\n" : `\\${char}`;
}

function formatNumber(value: number): string {
  if (value === Infinity) return "+Inf";
  return value === -Infinity ? "-Inf" : String(value);
}
