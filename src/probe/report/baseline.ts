import { KeysError } from "../../errors.ts";
import { isBroken } from "./conclude.ts";
import { isObject, parseJson, textAt } from "../mcp/json.ts";
import { STATUSES, type Finding, type FindingStatus } from "./report.ts";

/**
 * What was found by an earlier run, and is not to be told as news: the `findings` of its report.
 * @example
 * ```ts
 * import { probe, type Baseline } from "mcp-keys";
 *
 * const target = { url: "https://host.example/mcp", key: process.env["MCP_API_KEY"] ?? "" };
 * const baseline: Baseline = (await probe(target)).findings;
 * const { ok } = await probe({ ...target, baseline }); // only new findings count
 * ```
 */
export type Baseline = readonly Pick<Finding, "id" | "status" | "observed">[];

/** How bad it is. */
const RANK: Readonly<Record<FindingStatus, number>> = { fail: 3, warn: 2, info: 1, pass: 0, untestable: 0 };

/**
 * Whether a finding stands in the baseline, as bad as now or worse. Of the door it must also have been seen in the same way: a hole
 * that grew is a new one.
 */
export function isKnown(finding: Pick<Finding, "id" | "status" | "observed" | "about">, baseline: Baseline): boolean {
  const { id, status, observed, about } = finding;
  if (!isBroken(finding)) return false;
  return baseline.some(
    (former) =>
      former.id === id && RANK[former.status] >= RANK[status] && (about !== "access" || former.observed === observed),
  );
}

/**
 * Reads what `--report json` wrote.
 * @throws {@link KeysError} `USAGE` for anything else
 */
export function parseBaseline(text: string): Baseline {
  const document = parseJson(text);
  const found = isObject(document) && document["schemaVersion"] === 1 ? document["findings"] : undefined;
  const findings = Array.isArray(found) ? found.map(readFinding) : [null];
  if (findings.every((finding) => finding !== null)) return findings;
  throw new KeysError("USAGE", "the baseline is no report of a test", {
    hint: "make it with: mcp-keys test <url> --report json > baseline.json",
  });
}

function readFinding(value: unknown): Baseline[number] | null {
  if (!isObject(value)) return null;
  const [id, word, observed] = ["id", "status", "observed"].map((name) => textAt(value, name));
  const status = STATUSES.find((each) => each === word);
  return id === undefined || status === undefined || observed === undefined ? null : { id, status, observed };
}
