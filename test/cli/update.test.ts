import { describe, expect, test } from "vitest";
import { createCli } from "./fake-world.ts";

const DAY = 86_400;

async function withKey(flags = "--scope notes:read,deploy --owner ada --note nightly --tag env=dev,team=a") {
  const made = createCli();
  const { stdout: token } = await made.cli(`generate ci ${flags}`);
  const key = async () => JSON.parse((await made.cli("show ci --json")).stdout).key as Record<string, unknown>;
  return { ...made, token, key };
}

describe("update", () => {
  test("changes what its flags name and nothing else; audit shows what changed", async () => {
    const { cli, key, token } = await withKey();
    const before = await key();
    const ran = await cli(
      "update ci --add-scope admin --remove-scope deploy,none --audience https://host.example/mcp/ --no-owner --tag env=prod --remove-tag team --expires 30d",
    );
    expect(ran).toMatchObject({ status: 0, stdout: "" });
    const detail =
      "scopes: +admin -deploy; audience: +https://host.example/mcp; owner: ada -> none; tag env: dev -> prod; " +
      "tag team: a -> none; expiry of version 1: 2027-04-15T08:00:00Z -> 2027-02-14T08:00:00Z";
    expect(ran.stderr).toBe(`updated ci (${String(before["id"])}): ${detail}\n`);
    const { owner: _, ...rest } = before;
    expect(await key()).toEqual({
      ...rest,
      ...{ scopes: ["notes:read", "admin"], audience: ["https://host.example/mcp"], tags: { env: "prod" } },
      versions: [{ ...(before["versions"] as object[])[0], expiresAt: "2027-02-14T08:00:00Z" }],
    });
    expect((await cli("audit --key ci")).stdout).toContain(`update  ci (${String(before["id"])})  ${detail}\n`);
    expect((await cli("check --scope admin", { piped: token })).status).toBe(0);
    expect((await cli("check --scope deploy", { piped: token })).status).toBe(4);
    expect((await cli("audit --verify")).status).toBe(0);
  });

  test("clears with the --no- flags, and reports when nothing changes", async () => {
    const { cli, key } = await withKey("--scope a --audience https://one/mcp --note nightly --expires never");
    const clear = "update ci --no-scopes --no-audience --no-note --no-owner --json";
    expect(JSON.parse((await cli(clear)).stdout)).toMatchObject({ key: await key(), changed: true });
    expect(await key()).toMatchObject({ scopes: [], audience: [] });
    expect(await key()).not.toHaveProperty("note");
    const again = await cli(clear);
    expect(again.status).toBe(0);
    expect(JSON.parse(again.stdout)).toMatchObject({ changed: false });
    expect(again.stderr).toMatch(/^ci \(\w+\) already has these settings\n$/);
  });

  test("renames a key, and the old name is free", async () => {
    const { cli } = await withKey();
    expect((await cli("update ci --name cd")).stderr).toMatch(/^updated cd \(\w+\): name: ci -> cd\n/);
    expect((await cli("show ci")).status).toBe(3);
    expect((await cli("generate ci")).status).toBe(0);
    const taken = await cli("update ci --name cd");
    expect(taken.status).toBe(5);
    expect(taken.stderr).toContain("hint: choose another name");
  });

  test("without a flag exits with 2 and lists the flags", async () => {
    const { cli } = await withKey();
    const ran = await cli("update ci --json");
    expect(ran.status).toBe(2);
    const { error } = JSON.parse(ran.stderr);
    expect(error).toMatchObject({ code: "USAGE", message: "update has nothing to change" });
    expect(error.hint).toBe(
      "add some of --scope, --add-scope, --remove-scope, --no-scopes, --audience, --no-audience, --owner, --no-owner, " +
        "--note, --no-note, --tag, --remove-tag, --expires, --name",
    );
  });

  test.each([
    "--scope a --add-scope b",
    "--scope a --no-scopes",
    "--no-scopes --remove-scope a",
    "--add-scope a --remove-scope a",
    "--tag env=a --remove-tag env",
    "--tag env=",
    "--remove-tag ''",
    "--owner ''",
    "--scope ''",
    "--expires 2020-01-01",
    "--expires 0s",
    "--name 'a b'",
  ])("refuses %s with exit 2 and changes nothing", async (flags) => {
    const { cli, key } = await withKey();
    const before = await key();
    expect((await cli(`update ci ${flags}`)).status).toBe(2);
    expect(await key()).toEqual(before);
  });

  test("exits with 5 for a revoked key, an expired one with --expires, and a read-only store", async () => {
    const { cli, clock, token, dir } = await withKey("--expires 1d");
    clock.now += DAY;
    const expired = await cli("update ci --expires 30d");
    expect(expired.status).toBe(5);
    expect(expired.stderr).toContain("hint: replace it with: mcp-keys rotate ci");
    expect((await cli("check", { piped: token })).stdout).toContain("refused (expired)");
    expect((await cli("update ci --owner bob")).status).toBe(0);
    await cli("rotate ci");
    expect((await cli("update ci --expires 30d")).status).toBe(0);
    expect((await cli("check", { piped: token })).stdout).toContain("refused (expired)");
    await cli(["audit", "--archive", `${dir}/old.jsonl`]);
    for (const store of [`archive:${dir}/old.jsonl`, "env:"]) {
      const ref = store === "env:" ? "env-1" : "ci";
      const ran = await cli(["update", ref, "--note", "x", "--store", store], { env: { MCP_API_KEY: token.trim() } });
      expect({ store, stderr: ran.stderr, status: ran.status }).toMatchObject({ status: 5 });
    }
    await cli("revoke ci --yes");
    for (const flags of ["--owner ada", "--expires never", "--name cd"]) {
      expect((await cli(`update ci ${flags}`)).status).toBe(5);
    }
  });

  test("warns about an expiry within the hour", async () => {
    const { cli } = await withKey();
    expect((await cli("update ci --expires 6m")).stderr).toContain(
      "warning: ci expires in 6 minutes; for 6 months write 180d",
    );
  });
});
