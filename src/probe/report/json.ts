import type { Report } from "./report.ts";

/** Renders the report as one line of JSON. */
export function json(report: Report): string {
  return `${JSON.stringify({ schemaVersion: 1, ...report })}\n`;
}
