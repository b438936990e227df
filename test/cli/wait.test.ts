import { describe, expect, test, type TestContext } from "vitest";
import type { Position } from "../../src/core/position.ts";
import { openFileStore } from "../../src/stores/file.ts";
import { createCli } from "./fake-world.ts";

/** A CLI with the key `ci`, and servers that have applied the changes up to now. */
async function aFleet(ctx: TestContext) {
  const made = createCli();
  await made.cli("generate ci --expires never");
  const store = await openFileStore(made.file, { env: {}, uid: process.getuid?.() ?? null, dataDir: null });
  ctx.onTestFinished(() => store.close());
  const follow = async (name: string, position?: Position, lease = 60_000) =>
    store.acknowledge({
      ...{ id: `follower-${name}`, name, lease, version: "0.1.0" },
      position: position ?? (await store.position()),
    });
  /** A server that applies every change within milliseconds. */
  const followAll = async (name: string) => {
    await follow(name);
    const stop = await store.watch(() => void follow(name));
    ctx.onTestFinished(stop);
  };
  const states = async () => ((await store.get("ci"))?.versions ?? []).map(({ state }) => state);
  return { ...made, store, follow, followAll, states };
}

describe("--wait", () => {
  test("is what revoke and disable do when a server follows the store, and says who confirmed", async (ctx) => {
    const { cli, followAll } = await aFleet(ctx);
    expect((await cli("disable ci")).stderr).toBe("disabled ci (" + (await idOf(cli)) + ")\n");
    await followAll("web-1");
    await followAll("web-2");
    expect((await cli("enable ci")).stderr).not.toContain("confirmed");
    expect((await cli("enable ci --wait")).stderr).toMatch(/confirmed by 2 of 2 servers in \d+ ms\n$/);
    const { status, stderr } = await cli("revoke ci --yes");
    expect({ status, stderr }).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(/^revoked ci .*\nconfirmed by 2 of 2/),
    });
    const again = await cli("revoke ci --yes --json");
    expect(JSON.parse(again.stdout)).toMatchObject({ changed: false, confirmed: { servers: 2, of: 2 } });
  });

  test("exits with 5 and names the servers that lag; the change stays made", async (ctx) => {
    const { cli, follow, states, store } = await aFleet(ctx);
    await follow("web-1");
    await follow("web-2", { ...(await store.position()), seq: 1_000 });
    const { status, stdout, stderr } = await cli("revoke ci --yes --wait=1s --json");
    expect(status).toBe(5);
    expect(JSON.parse(stdout)).toMatchObject({ changed: true, confirmed: { servers: 1, of: 2 } });
    expect(stderr).toContain('"code":"NOT_CONFIRMED"');
    expect(stderr).toContain("web-1 (follower-web-1) lags");
    expect(await states()).toEqual(["revoked"]);
    expect((await cli("revoke ci --yes --no-wait")).status).toBe(0);
  });

  test("a bare --wait takes no value, wherever it is", async (ctx) => {
    const { cli, follow, store } = await aFleet(ctx);
    await follow("web-1", { ...(await store.position()), seq: 1_000 });
    for (const line of ["enable --wait ci", "enable ci --wait", "enable --wait=2s ci"]) {
      expect(await cli(line)).toMatchObject({
        status: 0,
        stderr: expect.stringContaining("confirmed by 1 of 1 server "),
      });
    }
    expect(await cli("enable ci --wait=soon")).toMatchObject({ status: 2 });
    expect(await cli("rotate ci --status --wait")).toMatchObject({ status: 2 });
  });

  test("generate and rotate deliver a token only after every server accepts it", async (ctx) => {
    const { cli, follow, states, store } = await aFleet(ctx);
    await follow("web-1");
    const failed = await cli("rotate ci --wait=1s --json");
    expect({ status: failed.status, stdout: failed.stdout }).toEqual({ status: 5, stdout: "" });
    expect(failed.stderr).toContain("the new token was not delivered, and the old one stays current");
    expect(await states()).toEqual(["current", "revoked"]);
    const refused = await cli("generate new --wait=1s");
    expect(refused).toMatchObject({ status: 5, stdout: "" });
    expect(refused.stderr).toMatch(/the new token was not delivered\n/);
    await follow("web-1", { ...(await store.position()), seq: 1_000 });
    const rotated = await cli("rotate ci --wait --json");
    expect(JSON.parse(rotated.stdout)).toMatchObject({ changed: true, confirmed: { servers: 1, of: 1 } });
    expect(JSON.parse((await cli("generate new --wait --json")).stdout)).toMatchObject({ confirmed: { of: 1 } });
    expect((await cli("rotate ci --wait --plan --to true")).stdout).toContain("\n2. wait: until every server accepts");
  });

  test("says that no server follows the store, and refuses a store that servers do not report to", async (ctx) => {
    const { cli } = await aFleet(ctx);
    expect((await cli("enable ci --wait")).stderr).toContain("no server follows the store");
    const keyset = await cli(["export", "--keyset"]);
    expect(keyset.status).toBe(0);
    expect(await cli("servers --store env:")).toMatchObject({ status: 2 });
    expect(await cli("enable ci --wait --store env:")).toMatchObject({ status: 2 });
  });

  test("ends at Ctrl-C and says that the change was made", async (ctx) => {
    const { cli, follow, states } = await aFleet(ctx);
    await follow("web-1");
    const { status, stderr } = await cli("revoke ci --yes --wait=30s", { interrupted: AbortSignal.timeout(300) });
    expect(status).toBe(130);
    expect(stderr).toMatch(/^revoked ci /);
    expect(await states()).toEqual(["revoked"]);
  });
});

describe("servers", () => {
  test("lists who follows the store, and how far they are", async (ctx) => {
    const { cli, follow, store } = await aFleet(ctx);
    expect((await cli("servers")).stderr).toContain("no server follows file:");
    await follow("web-1");
    await follow("gone", undefined, 1);
    await cli("generate other");
    await follow("web-2");
    await follow("lost", { epoch: "another", seq: 7 });
    await new Promise((resolve) => setTimeout(resolve, 20));
    const { stdout } = await cli("servers");
    expect(stdout).toMatch(/^SERVER +ID +STATE +VERSION +LAST SEEN\n/);
    expect(stdout).toMatch(/gone +follower-gone +stopped, or answers 503/);
    expect(stdout).toMatch(/lost +follower-lost +follows an earlier history/);
    expect(stdout).toMatch(/web-1 +follower-web-1 +\d changes? behind +0\.1\.0/);
    expect(stdout).toMatch(/web-2 +follower-web-2 +up to date/);
    const listed = JSON.parse((await cli("servers --json")).stdout) as {
      servers: { name: string }[];
      position: string;
    };
    expect(listed.position).toBe(`${(await store.position()).epoch}.${String((await store.position()).seq)}`);
    expect(listed.servers.map(({ name }) => name)).toEqual(["gone", "lost", "web-1", "web-2"]);
  });
});

describe("verify --at-least", () => {
  test("refuses a position that the store does not have, and waits for its servers before it asks one", async (ctx) => {
    const { cli, follow, store } = await aFleet(ctx);
    const { epoch, seq } = await store.position();
    const verify = (position: string) =>
      cli(`verify http://127.0.0.1:1/mcp --timeout 1s --at-least ${position}`, {
        env: { MCP_API_KEY: "x".repeat(40) },
      });
    expect((await verify("nonsense")).status).toBe(2);
    expect(await verify(`${epoch}.${String(seq + 1)}`)).toMatchObject({ status: 5 });
    expect(await verify(`other.${String(seq)}`)).toMatchObject({ status: 5 });
    const nobody = await verify(`${epoch}.${String(seq)}`);
    expect(nobody).toMatchObject({ status: 5, stderr: expect.stringContaining("no server follows") });
    await follow("web-1", { epoch, seq: seq - 1 });
    expect(await verify(`${epoch}.${String(seq)}`)).toMatchObject({
      status: 5,
      stderr: expect.stringContaining("web-1"),
    });
    await follow("web-1");
    const asked = await verify(`${epoch}.${String(seq)}`);
    expect(asked).toMatchObject({ status: 7, stderr: expect.stringContaining("confirmed by 1 of 1 server") });
  });
});

async function idOf(cli: (line: string) => Promise<{ stdout: string }>): Promise<string> {
  return (JSON.parse((await cli("show ci --json")).stdout) as { key: { id: string } }).key.id;
}
