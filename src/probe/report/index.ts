import { badge } from "./badge.ts";
import { html } from "./html.ts";
import { json } from "./json.ts";
import { junit } from "./junit.ts";
import { markdown } from "./markdown.ts";
import type { RenderReport } from "./report.ts";
import { sarif } from "./sarif.ts";

/** Report formats by name. To add one: a file in this folder and a line here. */
export const reports = { json, junit, sarif, markdown, html, badge } satisfies Record<string, RenderReport>;

export type ReportName = keyof typeof reports;
