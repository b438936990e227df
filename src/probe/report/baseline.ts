import { KeysError } from "../../errors.ts";
import { isBroken } from "./conclude.ts";
import { isObject, parseJson, textAt } from "../mcp/json.ts";
import { STATUSES, type Finding, type FindingStatus } from "./report.ts";

/**
 * The findings of an earlier run. A finding that is already in the baseline does not count.
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

const SEVERITY: Readonly<Record<FindingStatus, number>> = { fail: 3, warn: 2, info: 1, pass: 0, untestable: 0 };

/**
 * Tells whether the baseline has this finding, at least as severe as now. An access finding must also have the same `observed`
 * text: if a hole grew, it is a new one.
 */
export function isKnown(finding: Pick<Finding, "id" | "status" | "observed" | "about">, baseline: Baseline): boolean {
  const { id, status, observed, about } = finding;
  if (!isBroken(finding)) return false;
  return baseline.some(
    (earlier) =>
      earlier.id === id &&
      SEVERITY[earlier.status] >= SEVERITY[status] &&
      (about !== "access" || earlier.observed === observed),
  );
}

/**
 * Parses a report written by `--report json`.
 * @throws {@link KeysError} `USAGE` for any other text
 */
export function parseBaseline(text: string): Baseline {
  const document = parseJson(text);
  const found = isObject(document) && document["schemaVersion"] === 1 ? document["findings"] : undefined;
  const findings = Array.isArray(found) ? found.map(readFinding) : [null];
  if (findings.every((finding) => finding !== null)) return findings;
  throw new KeysError("USAGE", "the baseline is not a JSON report", {
    hint: "create one with: mcp-keys test <url> --report json > baseline.json",
  });
}

function readFinding(value: unknown): Baseline[number] | null {
  if (!isObject(value)) return null;
  const [id, word, observed] = ["id", "status", "observed"].map((name) => textAt(value, name));
  const status = STATUSES.find((each) => each === word);
  return id === undefined || status === undefined || observed === undefined ? null : { id, status, observed };
}
