import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { legacy, startScripted, UNAUTHORIZED } from "../servers/scripted.ts";
import { createCli } from "./fake-world.ts";

const DAY = 86_400;

describe("list", () => {
  test("exits with 5 with --exit-code if a key matches, and 0 if none does", async () => {
    const { cli, clock } = createCli();
    await cli("generate ci --expires 30d --tag env=prod");
    const status = async (line: string) => (await cli(line)).status;
    expect(await status("list --expiring 14d --exit-code")).toBe(0);
    expect(await status("list --expiring 60d")).toBe(0);
    clock.now += 17 * DAY;
    expect(await cli("list --expiring 14d --exit-code")).toMatchObject({
      status: 5,
      stdout: expect.stringContaining("ci"),
    });
    expect(await cli("list --expiring 14d --exit-code --json")).toMatchObject({ status: 5, stderr: "" });
    expect(await status("list --expiring 14d --tag env=dev --exit-code")).toBe(0);
    clock.now += 13 * DAY;
    expect(await status("list --expiring 14d --exit-code")).toBe(0);
    expect(await status("list --status expiring,expired --exit-code")).toBe(5);
    await cli("rotate ci --expires 90d");
    expect(await status("list --status expiring,expired --exit-code")).toBe(0);
    const alone = await cli("list --exit-code");
    expect(alone.status).toBe(2);
    expect(alone.stderr).toContain("--exit-code has no effect without --status or --tag or --expiring");
  });
});

describe("check", () => {
  test("warns on stderr about a token that ends within 14 days, also with --json, and shows its end", async () => {
    const { cli, clock, file } = createCli();
    const { stdout: token } = await cli("generate ci --expires 20d");
    const { stdout: forever } = await cli("generate fixed --expires never");
    const check = (piped: string) => cli("check --json", { piped });
    expect(await check(token)).toMatchObject({ status: 0, stderr: "" });
    expect(JSON.parse((await check(token)).stdout)).toMatchObject({ ok: true, endsAt: "2027-02-04T08:00:00Z" });
    expect(JSON.parse((await check(forever)).stdout)).toMatchObject({ ok: true, endsAt: null });
    clock.now += 6 * DAY + 1;
    const warning =
      "warning: the token of ci, version 1, stops working in 13d, at 2027-02-04T08:00:00Z; replace it with: mcp-keys rotate ci\n";
    expect(await check(token)).toMatchObject({ status: 0, stderr: warning });
    expect(await cli("check --quiet", { piped: token })).toMatchObject({ status: 0, stderr: warning });
    expect((await check(forever)).stderr).toBe("");
    const elsewhere = await cli(["check", "--store", `file:${file}`], { piped: token });
    expect(elsewhere.stderr).toContain(`replace it with: mcp-keys rotate --store file:${file} ci
`);
    const { stdout: newer } = await cli("rotate ci --overlap 3d");
    const old = await check(token);
    expect(old.stderr).toBe(
      "warning: the token of ci, version 1, stops working in 3d, at 2027-01-24T08:00:01Z; use the token of version 2 instead\n",
    );
    expect(JSON.parse(old.stdout)).toMatchObject({ endsAt: "2027-01-24T08:00:01Z" });
    expect((await check(newer)).stderr).toBe("");
    clock.now += 4 * DAY;
    const ended = await check(token);
    expect(ended).toMatchObject({ status: 4, stderr: "" });
    expect(JSON.parse(ended.stdout)).not.toHaveProperty("endsAt");
  });
});

describe("verify", () => {
  test("warns if the store at hand knows the token, and needs no store otherwise", async () => {
    const { cli, dir } = createCli();
    const { stdout: token } = await cli("generate ci --expires 10d");
    let accepts = true;
    const answer = legacy();
    const server = await startScripted((call) =>
      accepts && call.token === token.trim() ? answer(call) : UNAUTHORIZED,
    );
    onTestFinished(() => server.close());
    const verify = (flags = "") => cli(`verify ${server.url} ${flags}`, { piped: token });
    const warned = await verify();
    expect(warned).toMatchObject({ status: 0, stdout: expect.stringContaining("enforced") });
    expect(warned.stderr).toBe(
      "warning: the token of ci, version 1, stops working in 10d, at 2027-01-25T08:00:00Z; replace it with: mcp-keys rotate ci\n",
    );
    expect(await verify("--json")).toMatchObject({ status: 0, stderr: warned.stderr });
    writeFileSync(join(dir, "damaged.jsonl"), "not a journal\n", { mode: 0o600 });
    for (const other of [`file:${dir}/none.jsonl`, `file:${dir}/damaged.jsonl`, "keyset:/none", "env:"]) {
      expect(await verify(`--store ${other}`), other).toMatchObject({ status: 0, stderr: "" });
    }
    await cli("update ci --expires never");
    expect(await verify()).toMatchObject({ stderr: "" });
    await cli("update ci --expires 1d");
    accepts = false;
    expect(await verify()).toMatchObject({ status: 4, stderr: "" });
  });
});
