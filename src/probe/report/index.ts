import type { Report } from "./report.ts";
import { json } from "./json.ts";
import { junit } from "./junit.ts";
import { markdown } from "./markdown.ts";
import { sarif } from "./sarif.ts";

/** A report as text for a program or a page, with its closing newline. Text of the server is in it, so each escapes. */
export type RenderReport = (report: Report, made: Made) => string;

/** By what a report was made. */
export interface Made {
  /** The version of mcp-keys. */
  readonly version: string;
}

/** Name → how a report is written. To add one: its file beside this one and a line here. */
export const reports = { json, junit, sarif, markdown } satisfies Record<string, RenderReport>;

export type ReportName = keyof typeof reports;
