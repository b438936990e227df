import type { Report } from "./report.ts";

/** Renders a report as text, with a newline at the end. Escapes whatever the server sent. */
export type RenderReport = (report: Report, options: RenderReportOptions) => string;

export interface RenderReportOptions {
  /** The version of mcp-keys. */
  readonly version: string;
}
