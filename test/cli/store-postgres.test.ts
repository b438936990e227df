import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { KeysError } from "../../src/errors.ts";
import { createVerifier } from "../../src/server/verifier/verifier.ts";
import { openStore } from "../../src/stores/index.ts";
import { startPostgres } from "../postgres/cluster.ts";
import { createDatabase } from "../postgres/database.ts";
import { aWorld } from "../stores/place.ts";
import { aPostgresCli, aUser } from "../postgres/cli.ts";
import { needPostgres } from "../postgres/shared.ts";
import { createCli } from "./fake-world.ts";

const codeOf = (stderr: string) => (JSON.parse(stderr) as { error: { code: string } }).error.code;

describe("store schema", () => {
  test("prints the SQL for the schema of --schema, else that of the store, else mcp_keys", async () => {
    const { cli } = createCli();
    const names = async (line: string, env = {}) => {
      const { status, stdout } = await cli(line, { env });
      expect(status).toBe(0);
      return [...new Set([...stdout.matchAll(/create table if not exists (\w+)\./g)].map(([, name]) => name))];
    };
    expect(await names("store schema")).toEqual(["mcp_keys"]);
    expect(await names("store schema --schema team_a")).toEqual(["team_a"]);
    const there = { MCP_KEYS_STORE: "postgres://keys@db.example/app?schema=team_b" };
    expect(await names("store schema", there)).toEqual(["team_b"]);
    expect(await names("store schema --schema team_a", there)).toEqual(["team_a"]);
    const json = JSON.parse((await cli("store schema --schema team_a --json")).stdout) as unknown;
    expect(json).toMatchObject({ schemaVersion: 1, schema: "team_a", sql: expect.stringContaining("team_a.head") });
  });

  test.each(["a;drop table x", "A", "pg_x", '"x"', ""])("refuses the schema name %o", async (name) => {
    const { cli } = createCli();
    const ran = await cli(["store", "schema", "--json", "--schema", name]);
    expect(ran).toMatchObject({ status: 2, stdout: "" });
    expect(codeOf(ran.stderr)).toBe("USAGE");
  });
});

describe("a store in PostgreSQL", () => {
  needPostgres();

  test("an administrator runs the SQL, then each role does its part and no more", async () => {
    const { cli, database, envOf } = await aPostgresCli();
    const client = await database.connect();
    const { stdout: sql } = await cli("store schema");
    await client.query(sql);
    await client.query(sql);
    await client.end();
    const admin = { env: envOf(await aUser(database, "mcp_keys_admin")) };
    const web = { env: envOf(await aUser(database, "mcp_keys_verifier")) };
    const nobody = { env: envOf(await aUser(database)) };
    expect(await cli("generate ci", admin)).toMatchObject({ status: 0 });
    expect((await cli("list", web)).stdout).toContain("ci");
    const summaryOf = async (user: typeof web) => JSON.parse((await cli("store --json", user)).stdout) as unknown;
    expect(await summaryOf(admin)).toMatchObject({ keys: 1, writable: true, servers: [] });
    expect(await summaryOf(web)).toMatchObject({ keys: 1, writable: false, servers: null });
    const refused = await cli("revoke ci --yes --json", web);
    expect(refused.status).toBe(5);
    expect(codeOf(refused.stderr)).toBe("STORE_READ_ONLY");
    const denied = await cli("list --json", nobody);
    expect(denied.status).toBe(6);
    expect(codeOf(denied.stderr)).toBe("STORE_UNAVAILABLE");
    expect(await cli("revoke ci --yes", admin)).toMatchObject({ status: 0 });
  });

  test("migrates in both directions, with history and digests, and again for later changes", async () => {
    const { cli, spec, file, dir } = await aPostgresCli();
    const from = { env: { MCP_KEYS_STORE: `file:${file}` } };
    const token = (await cli("generate ci --scope a", from)).stdout.trim();
    await cli("generate web", from);
    await cli("disable web", from);
    const forth = `store migrate --json --from file:${file} --to ${spec}`;
    const doc = { schemaVersion: 1, from: `file:${file}`, dryRun: false, keys: 2, removed: false };
    expect(JSON.parse((await cli(forth)).stdout)).toMatchObject({ ...doc, changes: 5, copied: 5 });
    expect(JSON.parse((await cli(forth)).stdout)).toMatchObject({ changes: 5, copied: 0 });
    expect((await cli("audit")).stdout).toBe((await cli("audit", from)).stdout);
    expect(await cli("audit --verify")).toMatchObject({ status: 0 });
    expect((await cli("check", { piped: token })).status).toBe(0);
    await cli("enable web", from);
    expect(JSON.parse((await cli(forth)).stdout)).toMatchObject({ changes: 6, copied: 1 });
    const back = `file:${join(dir, "back", "keys.jsonl")}`;
    await cli("revoke ci --yes");
    const returned = await cli(`store migrate --json --from ${spec} --to ${back} --delete-source --yes`);
    expect(JSON.parse(returned.stdout)).toMatchObject({ changes: 7, copied: 7, removed: true });
    const there = { env: { MCP_KEYS_STORE: back } };
    expect((await cli("check", { ...there, piped: token })).stdout).toContain("revoked");
    expect((await cli("list")).stdout).not.toContain("ci");
  });

  test("does not migrate a store to itself under the name of another host or user, or to a store with other keys", async () => {
    const { cli, spec, file, database, envOf } = await aPostgresCli();
    await cli("generate ci");
    const { user } = await aUser(database, "pg_read_all_data");
    const client = await database.connect();
    await client.query(`alter role ${user} superuser password '${database.password}'`);
    await client.end();
    for (const other of [spec.replace("127.0.0.1", "localhost"), envOf({ user, password: "" }).MCP_KEYS_STORE]) {
      const ran = await cli(`store migrate --json --from ${spec} --to ${other} --delete-source --yes`);
      expect({ status: ran.status, code: codeOf(ran.stderr) }, other).toEqual({ status: 2, code: "USAGE" });
    }
    await cli("generate other", { env: { MCP_KEYS_STORE: `file:${file}` } });
    const ran = await cli(`store migrate --json --from ${spec} --to file:${file}`);
    expect({ status: ran.status, code: codeOf(ran.stderr) }).toEqual({ status: 5, code: "STORE_CONFLICT" });
    expect((await cli("list")).stdout).toContain("ci");
  });

  test("never prints the password, whether the store opens or not", async () => {
    const { cli, database, spec } = await aPostgresCli();
    const inSpec = spec.replace("@", `:${database.password}@`);
    const settings: Record<string, string>[] = [{}, { PGPASSWORD: "wrong-pass-word" }, { MCP_KEYS_STORE: inSpec }];
    for (const line of ["store", "store --json", "doctor", "doctor --json", "list", "generate x", "audit --verify"]) {
      for (const env of settings) {
        const { stdout, stderr } = await cli(`${line} --verbose`, { env });
        expect(stdout + stderr).not.toContain(database.password);
        expect(stdout + stderr).not.toContain("wrong-pass-word");
      }
    }
  });
});

describe("store adopt", () => {
  needPostgres();

  test("starts a new epoch once a person has typed the word, and keeps keys and history", async () => {
    const { cli, spec } = await aPostgresCli();
    await cli("generate ci");
    const history = (await cli("audit")).stdout;
    const unsaid = await cli("store adopt --json");
    expect(unsaid).toMatchObject({ status: 2, stdout: "" });
    expect(codeOf(unsaid.stderr)).toBe("INPUT_REQUIRED");
    const asked = await cli("store adopt", { answers: ["yes", "adopt"] });
    expect(asked).toMatchObject({ status: 0, stdout: "" });
    expect(asked.stderr).toContain(`${spec} has 1 key; its history ends with change 2: promote ci by ada@laptop at`);
    const json = JSON.parse((await cli("store adopt --yes --json")).stdout) as Record<string, string>;
    expect(Object.keys(json)).toEqual(["schemaVersion", "store", "previous", "position"]);
    expect(json).toMatchObject({ schemaVersion: 1, store: spec });
    const { previous, position } = json;
    const [before, after] = [previous, position].map((text) => text?.split("."));
    expect(before?.[1]).toBe("3");
    expect(after?.[1]).toBe("4");
    expect(after?.[0]).not.toBe(before?.[0]);
    expect((await cli("list")).stdout).toContain("ci");
    const audit = (await cli("audit")).stdout;
    expect(audit).toContain(history.trim());
    expect(audit.match(/adopt/g)).toHaveLength(2);
    expect(await cli("audit --verify")).toMatchObject({ status: 0 });
  });

  test("after a restore, a server accepts nothing until it is adopted, then continues without a restart", async () => {
    const cluster = await startPostgres();
    onTestFinished(() => cluster.remove());
    const { url, password } = await createDatabase(cluster);
    const env = { MCP_KEYS_STORE: url, PGPASSWORD: password };
    const now = Math.floor(Date.now() / 1000);
    const { cli } = createCli({ env, now });
    const [kept, leaked] = [await cli("generate kept"), await cli("generate leaked")].map(({ stdout }) =>
      stdout.trim(),
    );
    const backup = await cluster.dump();
    const store = await openStore(url, aWorld(null, env));
    const verifier = await createVerifier({ store, name: "web-1", maxStaleness: 600 });
    onTestFinished(async () => {
      await verifier.close();
      await store.close();
    });
    const verdictOn = (token: string | undefined) => {
      try {
        const verdict = verifier.verify(token!);
        return verdict.ok ? "accepted" : verdict.reason;
      } catch (fault) {
        return (fault as KeysError).code;
      }
    };
    expect((await cli("revoke leaked --yes --wait=20s")).status).toBe(0);
    expect([kept, leaked].map(verdictOn)).toEqual(["accepted", "revoked"]);
    await cluster.restore(backup);
    await expect.poll(() => verdictOn(kept), { timeout: 20_000 }).toBe("STORE_REWOUND");
    expect(["STORE_REWOUND", "revoked"]).toContain(verdictOn(leaked));
    // A person looks, and revokes again what the backup brought back.
    expect((await cli("list")).stdout).not.toContain("revoked");
    expect((await cli("revoke leaked --yes --no-wait")).status).toBe(0);
    expect(await cli("store adopt --yes")).toMatchObject({ status: 0 });
    await expect.poll(() => verdictOn(kept), { timeout: 20_000 }).toBe("accepted");
    expect(verdictOn(leaked)).toBe("revoked");
    expect((await cli("disable kept --wait=20s")).status).toBe(0);
    // A server that is late with its acknowledgement on a busy machine accepts nothing at first.
    expect(["disabled", "STORE_UNAVAILABLE"]).toContain(verdictOn(kept));
    await expect.poll(() => verdictOn(kept), { timeout: 20_000 }).toBe("disabled");
  }, 90_000);

  test("asks nothing of a store without epochs", async () => {
    const { cli } = createCli();
    const ran = await cli("store adopt --yes --json --store memory:");
    expect(ran.status).toBe(2);
    expect(codeOf(ran.stderr)).toBe("USAGE");
  });
});
