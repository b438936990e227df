import type { Report } from "./report.ts";

/** The document itself, on one line. */
export function json(report: Report): string {
  return `${JSON.stringify({ schemaVersion: 1, ...report })}\n`;
}
