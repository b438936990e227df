/** The code that only `export --for` needs. Bundled into one chunk and loaded on first use. */

export { runExportFor } from "../client-config.ts";
export { scannerRules } from "../../clients/scanner-rules.ts";
