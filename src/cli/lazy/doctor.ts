/** The code that only `doctor` needs. Bundled into one chunk and loaded on first use. */

export { runDiagnostics } from "../../doctor/run-diagnostics.ts";
export { removeOrphansOf } from "../../doctor/diagnostics/keychain.ts";
export { diagnostics } from "../../doctor/index.ts";
export { createDiagnosticContext } from "../../doctor/context.ts";
export { openStore } from "../../stores/index.ts";
