/** The code that only commands with a store need. Bundled into one chunk and loaded on first use, to keep `--help` fast. */

export { parsePeppers } from "../../core/digest.ts";
export { MAX_REPORT, parseReports } from "../../core/usage-report.ts";
export { importReports } from "../../keys/import-uses.ts";
export { cannotConfirm, notConfirmed, waitForServers } from "../../keys/wait-for-servers.ts";
export { createKeys } from "../../keys/keys.ts";
export { openStore } from "../../stores/index.ts";
export { observeWrites, rehearse } from "../../stores/overlay.ts";
export { migrate, planMigration } from "../../stores/migrate.ts";
export { inspectFiles } from "../../stores/inspect-files.ts";
