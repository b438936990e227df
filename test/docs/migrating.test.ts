import { spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createCli } from "../cli/fake-world.ts";
import { readPage } from "./markdown.ts";

const script = readPage("docs/migrating.md").blocks.find(({ text }) => text.startsWith("// to-lines.mjs"))!.text;

/** Maps rows with the script of the page and imports the result. */
async function importRows(system: string, rows: readonly object[]) {
  const place = createCli();
  const file = join(place.dir, "to-lines.mjs");
  writeFileSync(file, script);
  const input = rows.map((row) => `${JSON.stringify(row)}\n`).join("");
  const { stdout, stderr } = spawnSync(process.execPath, [file, system], { input, encoding: "utf8" });
  expect(stderr).toBe("");
  const ran = await place.cli("import --digests - --json", { piped: stdout });
  expect(ran.status, ran.stderr).toBe(0);
  const { keys } = JSON.parse(ran.stdout) as { keys: Record<string, unknown>[] };
  return { ...place, keys };
}

test("rows of Unkey become keys whose tokens are accepted", async () => {
  const token = `prod_${randomBytes(16).toString("hex")}`;
  const hash = createHash("sha256").update(token).digest("base64");
  const row = { id: "key_2wX9", name: "Ada's laptop", hash, enabled: 1, expires: "2028-03-01 12:00:00.000" };
  const other = createHash("sha256").update("other").digest("base64");
  const { cli, keys } = await importRows("unkey", [
    row,
    { id: "key_3", name: null, hash: other, enabled: 0, expires: null },
  ]);
  expect(keys).toMatchObject([
    { name: "key_2wX9", note: "Ada's laptop", status: "active", versions: [{ expiresAt: "2028-03-01T12:00:00Z" }] },
    { name: "key_3", status: "disabled", versions: [{ expiresAt: null }] },
  ]);
  expect((await cli("check", { piped: token })).status).toBe(0);
  expect((await cli("check", { piped: "other" })).stdout).toMatch(/^refused \(disabled\)/);
});

test("rows of better-auth become keys with scopes whose tokens are accepted", async () => {
  const token = `sk_${randomBytes(48).toString("hex").replace(/\d/g, "x")}`;
  const key = createHash("sha256").update(token).digest("base64url");
  const permissions = JSON.stringify({ files: ["read", "write"], users: ["list"] });
  const row = { id: "Zk3vQ9xT2mL8wR5nB7cJ4hG6fD1sA0pY", name: "ci", key, permissions, referenceId: "user_1" };
  const { cli, keys } = await importRows("better-auth", [
    { ...row, enabled: true, expiresAt: "2028-03-01T12:00:00.123Z" },
  ]);
  expect(keys).toMatchObject([{ name: row.id, note: "ci", tags: { owner: "user_1" } }]);
  expect(keys).toMatchObject([{ scopes: ["files:read", "files:write", "users:list"] }]);
  expect((await cli("check --scope files:write", { piped: token })).status).toBe(0);
  expect((await cli("check --scope files:delete", { piped: token })).status).toBe(4);
});
