import type { Format } from "./format.ts";
import { revealFor } from "./reveal.ts";

/** PowerShell also treats typographic single quotes as `'`, so they are doubled as well. */
const QUOTES = /['\u2018\u2019\u201a\u201b]/gu;

/**
 * An assignment for PowerShell. In single quotes, only a quote is special, and it is doubled.
 * @see https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_quoting_rules
 */
export const powershell: Format = {
  summary: "PowerShell: mcp-keys … --format powershell | Invoke-Expression",
  render: ({ token, envName }) => `$env:${envName} = '${revealFor("PowerShell", token).replaceAll(QUOTES, "$&$&")}'\n`,
};
