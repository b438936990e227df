import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { createCli } from "./fake-world.ts";

/** Creates a key with two versions; the overlap lasts an hour. */
async function createRotated() {
  const place = createCli();
  const old = (await place.cli("generate ci")).stdout.trim();
  const current = (await place.cli("rotate ci --overlap 1h")).stdout.trim();
  return { ...place, old, current };
}

describe("revoke --token", () => {
  test("revokes the version of the token, as compromised, and says which versions still work", async () => {
    const { cli, old, current } = await createRotated();
    const ran = await cli("revoke --token --yes", { piped: old });
    expect(ran).toMatchObject({ status: 0, stdout: "" });
    expect(ran.stderr).toMatch(
      /^revoked version 1 of ci \(\w{12}\)\nversion 2 of ci still works; end the whole key with: mcp-keys revoke ci\n$/,
    );
    expect((await cli("check", { piped: old })).status).toBe(4);
    expect((await cli("check", { piped: current })).status).toBe(0);
    expect((await cli("show ci")).stdout).toMatch(/^1 +revoked \(compromised\)/m);
  });

  test.each([
    ["the variable of --token-env", "--token-env LEAKED --yes", (token: string) => ({ env: { LEAKED: token } })],
    ["a prompt, and asks for the name", "", (token: string) => ({ answers: [token, "ci"] })],
  ])("takes the token from %s", async (_, flags, options) => {
    const { cli, current } = await createRotated();
    expect(await cli(`revoke --token ${flags}`, options(current))).toMatchObject({ status: 0 });
    expect((await cli("check", { piped: current })).status).toBe(4);
  });

  test("prints the key and the version as JSON, takes a reason, and changes nothing the second time", async () => {
    const { cli, current } = await createRotated();
    const line = "revoke --token --reason other --yes --json";
    const version = { n: 2, state: "revoked", reason: "other" };
    const first = JSON.parse((await cli(line, { piped: current })).stdout);
    expect(first).toMatchObject({ schemaVersion: 1, key: { name: "ci" }, version, changed: true });
    const again = await cli(line, { piped: current });
    expect(JSON.parse(again.stdout)).toMatchObject({ version, changed: false });
    expect(again.stderr).toMatch(/^version 2 of ci \(\w{12}\) was already revoked\n/);
  });

  test("revokes a token that had ended, so no update can bring it back", async () => {
    const { cli, old, clock } = await createRotated();
    clock.now += 3_600;
    const ran = await cli("revoke --token --yes", { piped: old });
    expect(ran.stderr).toMatch(/^revoked version 1 of ci \(\w{12}\), which had already ended\n/);
    expect((await cli("show ci")).stdout).toMatch(/^1 +revoked/m);
  });

  test("revokes the token of a disabled key, and an imported one", async () => {
    const { cli, current } = await createRotated();
    await cli("disable ci");
    expect((await cli("revoke --token --yes", { piped: current })).stderr).toMatch(
      /version 1 of ci would work again if it is enabled/,
    );
    await cli("import shared --allow-weak", { piped: "changeme123" });
    const ran = await cli("revoke --token --yes", { piped: "changeme123" });
    expect(ran.stderr).toMatch(/revoked version 1 of shared .*\nno version of shared works any more\n/);
    expect((await cli("check", { piped: "changeme123" })).stdout).toMatch(/^refused \(revoked\)/);
  });

  test.each([
    ["unknown", (token: string) => token.replace("mcp_", "acme_")],
    ["cut short", (token: string) => token.slice(0, -3)],
    ["of another format", () => "4fQ8Zr2LxWm7Vt0KcB9nYs6Jd3Hg5Pa1"],
  ])("exits with 4 for a token that is %s, and changes nothing", async (_, change) => {
    const { cli, current, file } = await createRotated();
    const before = readFileSync(file, "utf8");
    const ran = await cli("revoke --token --yes --json", { piped: change(current) });
    expect(ran).toMatchObject({ status: 4, stdout: "" });
    expect(JSON.parse(ran.stderr)).toMatchObject({ error: { code: "TOKEN_REFUSED" } });
    expect(ran.stderr).not.toContain(current.slice(17, 40));
    expect(readFileSync(file, "utf8")).toBe(before);
  });

  test.each([
    ["without --yes in a script", "revoke --token", "INPUT_REQUIRED"],
    ["with a key", "revoke ci --token --yes", "USAGE"],
    ["with --version", "revoke --token --version 1 --yes", "USAGE"],
    ["with --release-name", "revoke --token --release-name --yes", "USAGE"],
    ["without a key and without --token", "revoke --yes", "USAGE"],
    ["with --token-env alone", "revoke ci --token-env X --yes", "USAGE"],
  ])("refuses %s, and changes nothing", async (_, line, code) => {
    const { cli, current, file } = await createRotated();
    const before = readFileSync(file, "utf8");
    const ran = await cli(`${line} --json`, { piped: current });
    expect(ran).toMatchObject({ status: 2, stdout: "" });
    expect(JSON.parse(ran.stderr)).toMatchObject({ error: { code } });
    expect(readFileSync(file, "utf8")).toBe(before);
  });

  test("without --yes in a script, the error names the version of the token", async () => {
    const { cli, old } = await createRotated();
    const ran = await cli("revoke --token", { piped: old });
    expect(ran.stderr).toBe("error: revoking version 1 of ci cannot be undone\nhint: confirm with --yes\n");
  });

  test("does not take MCP_API_KEY unless it is named", async () => {
    const { cli, current } = await createRotated();
    const ran = await cli("revoke --token --yes", { env: { MCP_API_KEY: current } });
    expect(ran.status).toBe(2);
    expect((await cli("check", { piped: current })).status).toBe(0);
  });
});
