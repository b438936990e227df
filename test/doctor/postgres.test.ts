import { describe, expect, test } from "vitest";
import { judgePostgres } from "../../src/doctor/diagnostics/postgres.ts";
import type { PostgresReport } from "../../src/stores/postgres/inspect.ts";
import { aPostgresCli, aUser } from "../postgres/cli.ts";
import { freePort } from "../postgres/free-port.ts";
import { startPgBouncer } from "../postgres/pgbouncer.ts";
import { needPostgres, sharedCluster } from "../postgres/shared.ts";
import { NOW } from "./context.ts";
import { aDatabaseReport } from "./postgres-report.ts";

interface DoctorOutput {
  readonly findings: readonly { id: string; status: string; observed: string; fix?: string }[];
}

test.each<[what: string, change: Partial<PostgresReport>, finding: RegExp]>([
  ["a standby", { isStandby: true }, /^warn this is a standby/],
  [
    "no tables, which this user may create",
    { tables: null, mayCreate: true },
    /^info no tables .* the first key creates/,
  ],
  ["no tables, which this user may not create", { tables: null }, /^fail no tables .* keys may not create them/],
  ["a schema that cannot be read", { tables: "unreadable" }, /^fail keys may not read the schema mcp_keys/],
  ["tables of a newer package", { tables: 2 }, /^fail version 2 of the tables, and this package has version 1/],
  ["tables of an older package", { tables: 1, known: 2 }, /^fail version 1 of the tables/],
  ["a superuser", { isSuperuser: true }, /^warn keys is a superuser/],
  ["a server that may issue keys", { isVerifier: true }, /^warn keys has the role for servers, and may also issue/],
  ["a server that cannot report", { mayWrite: false, mayAcknowledge: false }, /^warn .* no command can wait/],
  ["listen=off", { deafness: "off" }, /^info listen=off: .* within a second/],
  ["no notifications", { deafness: "it is a standby" }, /^info no notifications arrive, because it is a standby/],
  ["a queue that fills up", { queueUsage: 0.12 }, /^warn the queue of notifications is 12 % full/],
  ["a queue that is half full", { queueUsage: 0.5 }, /^fail the queue of notifications is 50 % full/],
  ["a clock that is ahead", { now: NOW + 61.2 }, /^warn the clock of the database is 61 s ahead of this one/],
  ["a clock that is behind", { now: NOW - 172_800 }, /^warn the clock of the database is 172800 s behind this one/],
])("reports %s, and nothing else", (_, change, finding) => {
  const [first, ...found] = judgePostgres(aDatabaseReport(change), NOW);
  expect(first?.status).toBe("pass");
  expect(found).toHaveLength(1);
  expect(`${found[0]?.status ?? ""} ${found[0]?.observed ?? ""}`).toMatch(finding);
  if (found[0]?.status !== "info") expect(found[0]?.fix?.length).toBeGreaterThan(20);
});

test("finds nothing wrong with clocks a minute apart, an empty queue, and a user of a server", () => {
  const report = aDatabaseReport({ now: NOW - 60, queueUsage: 0.01, isVerifier: true, mayWrite: false });
  expect(judgePostgres(report, NOW)).toEqual([
    {
      status: "pass",
      observed: "PostgreSQL 15.18 accepts the user keys, who may check keys and not change them in the schema mcp_keys",
    },
  ]);
});

describe("on a real database", () => {
  needPostgres({ pgBouncer: true });

  async function start() {
    const created = await aPostgresCli({ now: Math.floor(Date.now() / 1000) });
    const doctor = async (env: Record<string, string> = {}) => {
      const { status, stdout, stderr } = await created.cli("doctor --json", { env });
      expect(stderr).toBe("");
      const { findings } = JSON.parse(stdout) as DoctorOutput;
      const about = (id: string) => findings.filter((each) => each.id === id);
      return { status, found: about("postgres").map((each) => `${each.status} ${each.observed}`), about };
    };
    return { ...created, doctor };
  }

  test("passes with the roles of the SQL, and warns about a server's user who may issue keys", async () => {
    const { cli, doctor, database, envOf } = await start();
    const client = await database.connect();
    await client.query((await cli("store schema")).stdout);
    await client.end();
    const admin = envOf(await aUser(database, "mcp_keys_admin"));
    expect((await cli("generate ci", { env: admin })).status).toBe(0);
    const web = envOf(await aUser(database, "mcp_keys_verifier"));
    for (const [env, may] of [
      [admin, "may change keys"],
      [web, "may check keys and not change them"],
    ] as const) {
      const { status, found } = await doctor(env);
      expect({ status, found }).toEqual({ status: 0, found: [expect.stringMatching(`^pass PostgreSQL .*${may}`)] });
    }
    const both = envOf(await aUser(database, "mcp_keys_admin", "mcp_keys_verifier"));
    expect((await doctor(both)).found[1]).toMatch(/^warn .* has the role for servers, and may also issue/);
    expect((await doctor(envOf(await aUser(database)))).found[1]).toMatch(/^fail .* may not read the schema mcp_keys/);
    expect((await doctor()).found[1]).toMatch(/^warn postgres is a superuser/);
  });

  test("finds missing tables, tables of another version, and a pooler in between", async () => {
    const { cli, doctor, database, envOf } = await start();
    expect((await doctor()).found[1]).toMatch(/^info no tables in the schema mcp_keys yet/);
    const stranger = envOf(await aUser(database));
    expect(await doctor(stranger)).toMatchObject({
      status: 6,
      found: [expect.stringMatching(/^pass/), expect.stringMatching(/^fail no tables/)],
    });
    await cli("generate ci");
    const bouncer = await startPgBouncer(await sharedCluster());
    const through = { MCP_KEYS_STORE: database.urlFor({ port: bouncer.port }) };
    expect((await doctor(through)).found).toContainEqual(
      expect.stringMatching(/^info no notifications arrive, because .*pool/),
    );
    expect((await doctor({ MCP_KEYS_STORE: `${through.MCP_KEYS_STORE}?listen=off` })).found).toContainEqual(
      expect.stringMatching(/^info listen=off/),
    );
    await bouncer.remove();
    const client = await database.connect();
    await client.query("update mcp_keys.head set schema_version = 99");
    await client.end();
    expect(await doctor()).toMatchObject({
      status: 6,
      found: expect.arrayContaining([expect.stringMatching(/^fail version 99 of the tables/)]),
    });
  });

  test("fails within seconds, with a fix, if the database cannot be reached or refuses the login", async () => {
    const { doctor, database } = await start();
    const nowhere = await freePort();
    for (const [env, what] of [
      [{ MCP_KEYS_STORE: database.urlFor({ port: nowhere }) }, /cannot be reached/],
      [{ PGPASSWORD: "wrong" }, /rejected the login/],
      [{ MCP_KEYS_STORE: database.url.replace(database.name, "nowhere") }, /does not exist/],
      [{ MCP_KEYS_STORE: database.url.replace("@", ":s3cret@") }, /contains a password/],
    ] as const) {
      const { status, about } = await doctor(env);
      expect(status).toBe(6);
      const [found] = about("postgres");
      expect(found).toMatchObject({ status: "fail", observed: expect.stringMatching(what) });
      expect(found?.fix?.length).toBeGreaterThan(20);
    }
  });
});
