import type { Format } from "./format.ts";
import { revealFor } from "./reveal.ts";

/** PowerShell reads the typographic single quotes as `'` too, so that each of them must be doubled. */
const QUOTES = /['\u2018\u2019\u201a\u201b]/gu;

/**
 * An assignment for PowerShell. A quote between single quotes is doubled; nothing else is special there.
 * @see https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_quoting_rules
 */
export const powershell: Format = {
  summary: "PowerShell: mcp-keys … --format powershell | Invoke-Expression",
  render: ({ token, envName }) => `$env:${envName} = '${revealFor("PowerShell", token).replaceAll(QUOTES, "$&$&")}'\n`,
};
