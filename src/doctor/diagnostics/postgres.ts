import { CLOCK_TOLERANCE } from "../../core/clock.ts";
import { parseStoreSpec } from "../../stores/index.ts";
import { inspectPostgres } from "../../stores/postgres/inspect.ts";
import type { PostgresReport } from "../../stores/postgres/inspect.ts";
import { orNull } from "../context.ts";
import type { Diagnostic, Observation } from "../diagnostic.ts";

/** From here on, sessions that no longer listen properly are filling the queue. */
const QUEUE = { warn: 0.1, fail: 0.5 };
const SQL = "mcp-keys store schema";

/** Examines the database if it is the chosen store. */
export const postgres: Diagnostic = {
  about: "the database",
  exit: 6,
  async run({ config, world, now }) {
    const spec = await orNull(async () => parseStoreSpec(config.store));
    if (spec?.scheme !== "postgres") return [];
    return judgePostgres(await inspectPostgres(spec.location, world), now);
  },
};

/**
 * Turns the report about a database into findings.
 * @param now - this machine's clock, in epoch seconds
 */
export function judgePostgres(report: PostgresReport, now: number): Observation[] {
  const found = [judgeTables, judgeRole, judgeListening, judgeQueue].flatMap((judge) => judge(report));
  found.push(...judgeClock(report.now, now));
  return [{ status: "pass", observed: describe(report) }, ...found];
}

function describe({ version, user, schema, tables, mayWrite, mayAcknowledge }: PostgresReport): string {
  const answers = `PostgreSQL ${version} accepts the user ${user}`;
  if (typeof tables !== "number") return answers;
  const what = mayWrite ? "may change keys" : mayAcknowledge ? "may check keys and not change them" : "may read keys";
  return `${answers}, who ${what} in the schema ${schema}`;
}

function judgeTables({ tables, known, schema, mayCreate, isStandby, user }: PostgresReport): Observation[] {
  if (isStandby) {
    const observed = "this is a standby: it takes no changes, and servers cannot report to it";
    return [{ status: "warn", observed, fix: "select the primary with --store or MCP_KEYS_STORE" }];
  }
  if (tables === null && mayCreate) {
    return [{ status: "info", observed: `no tables in the schema ${schema} yet: the first key creates them` }];
  }
  if (tables === null) {
    const observed = `no tables in the schema ${schema}, and ${user} may not create them`;
    return [{ status: "fail", observed, fix: `as an administrator, pass this to psql: ${SQL}` }];
  }
  if (tables === "unreadable") {
    const observed = `${user} may not read the schema ${schema}`;
    return [
      { status: "fail", observed, fix: `grant mcp_keys_verifier or mcp_keys_admin to it, which this creates: ${SQL}` },
    ];
  }
  const versions = `version ${String(tables)} of the tables, and this package has version ${String(known)}`;
  if (tables > known) return [{ status: "fail", observed: versions, fix: "npm install mcp-keys@latest" }];
  if (tables === known) return [];
  return [{ status: "fail", observed: versions, fix: `as the owner of the tables, pass this to psql: ${SQL}` }];
}

function judgeRole({ user, isSuperuser, isVerifier, mayWrite, mayAcknowledge, tables }: PostgresReport): Observation[] {
  if (isSuperuser) {
    return [
      {
        status: "warn",
        observed: `${user} is a superuser: whoever takes over a server can do anything in this database`,
        fix: `give servers a user with the role mcp_keys_verifier, and commands one with mcp_keys_admin: ${SQL}`,
      },
    ];
  }
  if (typeof tables !== "number") return [];
  if (isVerifier && mayWrite) {
    return [
      {
        status: "warn",
        observed: `${user} has the role for servers, and may also issue and change keys`,
        fix: "give servers a user of their own, which has only the role mcp_keys_verifier",
      },
    ];
  }
  if (mayAcknowledge) return [];
  return [
    {
      status: "warn",
      observed: `${user} may not record the position of a server, so no command can wait for that server`,
      fix: `grant mcp_keys_verifier to it, which this creates: ${SQL}`,
    },
  ];
}

function judgeListening({ deafness }: PostgresReport): Observation[] {
  if (deafness === null) return [];
  const late = "servers learn of changes within a second, by polling";
  if (deafness === "off") return [{ status: "info", observed: `listen=off: ${late}` }];
  return [
    {
      status: "info",
      observed: `no notifications arrive, because ${deafness}: ${late}`,
      fix: "connect servers directly to the primary, or add listen=off to their store",
    },
  ];
}

function judgeQueue({ queueUsage }: PostgresReport): Observation[] {
  if (queueUsage < QUEUE.warn) return [];
  return [
    {
      status: queueUsage < QUEUE.fail ? "warn" : "fail",
      observed: `the queue of notifications is ${String(Math.round(queueUsage * 100))} % full; when it is full, no key can be changed`,
      fix: "end the session that listens inside an open transaction: select pid from pg_stat_activity where state like 'idle in transaction%'",
    },
  ];
}

/** Both clocks decide: the server's about expiry, the database's about leases. */
function judgeClock(database: number, here: number): Observation[] {
  const difference = Math.round(database - here);
  if (Math.abs(difference) <= CLOCK_TOLERANCE) return [];
  const which = difference > 0 ? "ahead of" : "behind";
  return [
    {
      status: "warn",
      observed: `the clock of the database is ${String(Math.abs(difference))} s ${which} this one`,
      fix: "set both clocks and keep them synchronized, for example with: timedatectl set-ntp true",
    },
  ];
}
