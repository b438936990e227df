import { execFileSync } from "node:child_process";
import { chownSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { openStore } from "../../../src/stores/index.ts";
import type { Cluster } from "../../postgres/cluster.ts";
import { startPostgres } from "../../postgres/cluster.ts";
import { createDatabase } from "../../postgres/database.ts";
import { findPostgres, findRunner } from "../../postgres/programs.ts";
import { needPostgres } from "../../postgres/shared.ts";
import { aWorld } from "../place.ts";

needPostgres();

let cluster: Cluster;
let name: string;

beforeAll(async () => {
  if (findPostgres() === null) return;
  cluster = await startPostgres();
  const [certificate, key] = ["tls.crt", "tls.key"].map((file) => join(cluster.folder, file));
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  const made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-keyout", key!, "-out", certificate!];
  execFileSync("openssl", ["req", "-x509", "-nodes", "-days", "2", ...made, ...subject], { stdio: "ignore" });
  const runner = findRunner();
  for (const path of [certificate!, key!]) if (runner !== null) chownSync(path, runner.uid, runner.gid);
  const client = await (await createDatabase(cluster)).connect();
  for (const [setting, value] of [
    ["ssl_cert_file", certificate],
    ["ssl_key_file", key],
    ["ssl", "on"],
  ]) {
    await client.query(`alter system set ${setting!} = '${value!}'`);
  }
  await client.end();
  await cluster.restart();
  ({ name } = await createDatabase(cluster));
}, 60_000);

afterAll(() => (cluster as Cluster | undefined)?.remove());

test.each([
  ["localhost", "sslmode=verify-full&sslrootcert=$CERT", null],
  ["localhost", "sslmode=verify-full", "not trusted"],
  // Node finds no such name in the certificate.
  ["127.0.0.1", "sslmode=verify-full&sslrootcert=$CERT", "another name"],
  ["127.0.0.1", "sslmode=verify-ca&sslrootcert=$CERT", null],
  ["127.0.0.1", "sslmode=verify-ca", "not trusted"],
  ["127.0.0.1", "sslmode=require", null],
  ["127.0.0.1", "sslmode=require&sslrootcert=$OTHER", "not trusted"],
  ["localhost", "sslmode=verify-full&sslrootcert=/nowhere.pem", "sslrootcert cannot be read"],
])("%s with %s: %o", async (host, options, problem) => {
  const other = join(cluster.folder, "other.crt");
  execFileSync(
    "openssl",
    ["req", "-x509", "-nodes", "-newkey", "rsa:2048", "-subj", "/CN=localhost", "-keyout", "/dev/null", "-out", other],
    { stdio: "ignore" },
  );
  const given = options.replace("$CERT", join(cluster.folder, "tls.crt")).replace("$OTHER", other);
  const spec = `postgres://postgres@${host}:${String(cluster.port)}/${name}?${given}`;
  const store = await openStore(spec, aWorld(null, { PGPASSWORD: cluster.password }));
  onTestFinished(() => store.close());
  if (problem === null) expect(await store.list()).toEqual([]);
  else {
    await expect(store.list()).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
      message: expect.stringContaining(problem),
    });
  }
});

test("a connection with a verified certificate is encrypted, and takes the password from a file that is replaced", async () => {
  const file = join(cluster.folder, "pg-password");
  writeFileSync(file, "wrong\n");
  const spec = `postgres://postgres@localhost:${String(cluster.port)}/${name}?sslmode=verify-full&sslrootcert=${join(cluster.folder, "tls.crt")}`;
  const store = await openStore(spec, aWorld(null, { MCP_KEYS_PG_PASSWORD_FILE: file }));
  onTestFinished(() => store.close());
  await expect(store.list()).rejects.toMatchObject({ message: expect.stringContaining("rejected the login") });
  writeFileSync(file, `${cluster.password}\n`);
  expect(await store.list()).toEqual([]);
  const client = await createDatabase(cluster).then((database) => database.connect());
  const { rows } = await client.query(
    "select ssl from pg_stat_ssl join pg_stat_activity using (pid) where application_name = 'mcp-keys' and usename = 'postgres'",
  );
  await client.end();
  expect(rows.length).toBeGreaterThan(0);
  expect(rows.every(({ ssl }) => ssl === true)).toBe(true);
  writeFileSync(file, "");
  const missing = await openStore(spec, aWorld(null, { MCP_KEYS_PG_PASSWORD_FILE: `${file}.gone` }));
  onTestFinished(() => missing.close());
  await expect(missing.list()).rejects.toMatchObject({ message: expect.stringContaining("MCP_KEYS_PG_PASSWORD_FILE") });
});
