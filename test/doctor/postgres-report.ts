import type { PostgresReport } from "../../src/stores/postgres/inspect.ts";
import { NOW } from "./context.ts";

/** What `doctor` finds in a database where everything is right, as the user of a command. */
export function aDatabaseReport(change: Partial<PostgresReport> = {}): PostgresReport {
  return {
    ...{ version: "15.18", user: "keys", schema: "mcp_keys", tables: 1, known: 1, mayCreate: false },
    ...{ isSuperuser: false, isVerifier: false, mayWrite: true, mayAcknowledge: true, isStandby: false },
    ...{ deafness: null, queueUsage: 0, now: NOW },
    ...change,
  };
}
