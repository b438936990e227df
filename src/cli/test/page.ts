import { isBreach } from "../../probe/report/conclude.ts";
import type { Finding, FindingStatus } from "../../probe/report/report.ts";
import type { Painter } from "../terminal/painter.ts";

/** Colours and width of the report. */
export interface Page {
  readonly paint: Painter;
  /** `Infinity` to wrap nothing. */
  readonly columns: number;
  /** Whether all checks are listed, and faults come with their references, their request and its answer. */
  readonly verbose: boolean;
}

/** Returns how to colour the status of a finding. */
export function paintStatus(paint: Painter, finding: Finding): (text: string) => string {
  if (finding.known === true) return (text) => paint.dim(text);
  if (isBreach(finding)) return (text) => paint.error(text);
  const painted: Readonly<Record<FindingStatus, (text: string) => string>> = {
    pass: (text) => paint.good(text),
    fail: (text) => paint.error(text),
    warn: (text) => paint.warn(text),
    info: (text) => text,
    untestable: (text) => paint.dim(text),
  };
  return painted[finding.status];
}
