/** What only commands with a store use, in one chunk that loads on first use: `--help` does not pay for it. */

export { parsePeppers } from "../../core/digest.ts";
export { createKeys } from "../../keys/keys.ts";
export { openStore } from "../../stores/index.ts";
export { migrate, planMigration } from "../../stores/migrate.ts";
export { inspectFiles } from "../../stores/inspect-files.ts";
