/** What only a command that opens the store needs. Loaded on first use: help costs nothing of it. */

export { parsePeppers } from "../core/digest.ts";
export { createKeys } from "../keys/keys.ts";
export { openStore } from "../stores/index.ts";
export { migrate, planMigration } from "../stores/migrate.ts";
export { inspectFiles } from "../stores/inspect-files.ts";
