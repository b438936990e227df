/** A family of the text format. Sample names include `_bucket`, `_sum` and `_count`. */
export interface Family {
  readonly help: string;
  readonly type: string;
  readonly samples: Map<string, number>;
}

const NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*";
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)/y;
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(.+)\\})? ([^ ]+)$`);
const SUFFIXES: Record<string, readonly string[]> = {
  counter: [""],
  gauge: [""],
  histogram: ["_bucket", "_sum", "_count"],
};

/**
 * Parses the text format 0.0.4 strictly: HELP, then TYPE, then all samples of a family, each once. Throws for anything else.
 * @returns families by name; samples by `name{labels}` as written
 */
export function parseExposition(text: string): Map<string, Family> {
  if (!text.endsWith("\n")) throw new Error("the last line does not end");
  const families = new Map<string, Family>();
  let name = "";
  for (const line of text.slice(0, -1).split("\n")) {
    const [, helped, help] = new RegExp(`^# HELP (${NAME}) (.*)$`).exec(line) ?? [];
    const [, typed, type] = new RegExp(`^# TYPE (${NAME}) (counter|gauge|histogram)$`).exec(line) ?? [];
    if (helped !== undefined) {
      if (families.has(helped)) throw new Error(`two families ${helped}`);
      if (/\\(?![\\n])/.test(help!)) throw new Error(`wrong escape: ${line}`);
      families.set((name = helped), { help: help!, type: "", samples: new Map() });
    } else if (typed !== undefined) {
      const family = families.get(typed);
      if (typed !== name || family?.type !== "" || family.samples.size > 0) throw new Error(`misplaced: ${line}`);
      families.set(typed, { ...family, type: type! });
    } else addSample(line, name, families.get(name));
  }
  for (const [each, family] of families) checkFamily(each, family);
  return families;
}

function addSample(line: string, family: string, found: Family | undefined): void {
  const [, name, labels, value] = SAMPLE.exec(line) ?? [];
  if (name === undefined || found === undefined) throw new Error(`not a sample: ${line}`);
  if (!SUFFIXES[found.type]?.some((suffix) => name === family + suffix)) throw new Error(`misplaced: ${line}`);
  const names = new Set(labels === undefined ? [] : parseLabels(labels).map(([label]) => label));
  if (labels !== undefined && names.size !== parseLabels(labels).length) throw new Error(`a label twice: ${line}`);
  const key = line.slice(0, line.lastIndexOf(" "));
  if (found.samples.has(key)) throw new Error(`a sample twice: ${line}`);
  const number = value === "+Inf" ? Infinity : value === "-Inf" ? -Infinity : Number(value);
  if (Number.isNaN(number) && value !== "NaN") throw new Error(`not a number: ${line}`);
  found.samples.set(key, number);
}

function parseLabels(text: string): [string, string][] {
  const labels: [string, string][] = [];
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const [, name, value] = LABEL.exec(text) ?? [];
    if (name === undefined) throw new Error(`not labels: ${text}`);
    labels.push([name, value!]);
  }
  return labels;
}

function checkFamily(name: string, { type, samples }: Family): void {
  if (type === "") throw new Error(`${name} has no type`);
  if ((type === "counter") !== name.endsWith("_total")) throw new Error(`${name} is a ${type}`);
  if (type !== "histogram") return;
  const buckets = [...samples].filter(([key]) => key.startsWith(`${name}_bucket`));
  const bounds = buckets.map(([key]) => Number(/le="([^"]+)"/.exec(key)![1]!.replace("+Inf", "Infinity")));
  const isSorted = (list: readonly number[]) => list.every((each, i) => i === 0 || each >= list[i - 1]!);
  if (!isSorted(bounds) || bounds.at(-1) !== Infinity) throw new Error(`${name}: wrong bounds`);
  if (!isSorted(buckets.map(([, count]) => count))) throw new Error(`${name}: buckets are not cumulative`);
  if (buckets.at(-1)![1] !== samples.get(`${name}_count`)) throw new Error(`${name}: +Inf is not the count`);
}
