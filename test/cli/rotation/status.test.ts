import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { openFileStore } from "../../../src/stores/file.ts";
import { aWorld } from "../../stores/place.ts";
import { createCli } from "../fake-world.ts";

async function withKey() {
  const made = createCli();
  await made.cli("generate ci --expires never");
  const status = async () => JSON.parse((await made.cli("rotate ci --status --json")).stdout);
  return { ...made, status };
}

describe("rotate --status", () => {
  test("names the step from the stored state, and null without a rotation", async () => {
    const { cli, clock, status } = await withKey();
    expect(await status()).toMatchObject({ schemaVersion: 1, key: { name: "ci" }, step: null });
    expect((await cli(["rotate", "ci", "--to", "cat >/dev/null; exit 1"])).status).toBe(5);
    expect((await status()).step).toBe("deliver");
    await cli("rotate ci --overlap 1h");
    expect((await status()).step).toBe("overlap");
    clock.now += 3_600;
    expect((await status()).step).toBeNull();
  });

  test("shows the versions that work, until when, who used them last and the next command", async () => {
    const { cli, file, clock, status } = await withKey();
    const { key } = await status();
    await cli("rotate ci --overlap 1h");
    const store = await openFileStore(file, aWorld());
    await store.touch([{ id: key.id, n: 2, at: clock.now + 60, server: "web-1" }]);
    await store.close();
    const { stdout, stderr, status: exit } = await cli("rotate ci --status");
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: "" });
    expect(stdout.split("\n").map((line) => line.split(/ {2,}/))).toEqual([
      ["key", `ci (${key.id})`],
      ["status", "active"],
      ["step", "overlap: version 1 works until 2027-01-15T09:00:00Z"],
      ["next", "mcp-keys rotate ci --finish"],
      [""],
      ["VERSION", "STATE", "WORKS UNTIL", "LAST USED"],
      ["1", "retiring", "2027-01-15T09:00:00Z", "never"],
      ["2", "current", "never ends", "2027-01-15T08:01:00Z"],
      [""],
      ["version 1: no server has seen it"],
      ["version 2: used on web-1 at 2027-01-15T08:01:00Z, later than this clock shows"],
      [""],
    ]);
  });

  test("says how to go on after an interrupted run, with the store of the line", async () => {
    const { cli, file } = await withKey();
    await cli(["rotate", "ci", "--to", "cat >/dev/null; exit 1"]);
    const at = `--store file:${file}`;
    expect((await cli(`rotate ci --status ${at}`, { columns: 400 })).stdout).toContain(
      `next    finish it with the same flags as before: mcp-keys rotate ${at} ci, or give up the new token: mcp-keys rotate ${at} ci --abort\n`,
    );
  });

  test("does not suggest --abort for a key that never had a token, nor --finish without a current version", async () => {
    const { cli } = await withKey();
    await cli(["generate", "web", "--to", "cat >/dev/null; exit 1"]);
    const fresh = (await cli("rotate web --status")).stdout;
    expect(fresh).toContain("mcp-keys rotate web");
    expect(fresh).not.toContain("--abort");
    await cli("rotate ci");
    await cli("revoke ci --version 2 --yes");
    const left = (await cli("rotate ci --status")).stdout;
    expect(left).toContain("next    mcp-keys rotate ci\n");
  });

  test("names all old versions that work", async () => {
    const { cli } = await withKey();
    for (let i = 0; i < 2; i++) await cli("rotate ci --overlap 1h");
    expect((await cli("rotate ci --status")).stdout).toContain(
      "step    overlap: versions 1 and 2 work until 2027-01-15T09:00:00Z\n",
    );
  });

  test("names when the last of several old versions ends", async () => {
    const { cli } = await withKey();
    for (const overlap of ["1h", "2h", "3h"]) await cli(`rotate ci --overlap ${overlap}`);
    expect((await cli("rotate ci --status")).stdout).toContain(
      "step    overlap: versions 1, 2 and 3 work until 2027-01-15T11:00:00Z at the latest\n",
    );
  });

  test("names the run that it belongs to", async () => {
    const { cli, status } = await withKey();
    await cli(["rotate", "ci", "--run-id", "4711", "--to", "cat >/dev/null; exit 1"]);
    expect(await status()).toMatchObject({ step: "deliver", runId: "4711" });
    expect((await cli("rotate ci --status")).stdout).toContain("\nrun     4711\n");
  });

  test("says that no version works", async () => {
    const { cli, status } = await withKey();
    await cli("revoke ci --yes");
    expect((await cli("rotate ci --status")).stdout).toMatch(/status {2}revoked\nstep {4}none: no version works\n$/);
    expect((await status()).step).toBeNull();
  });

  test("changes nothing, and refuses flags that would", async () => {
    const { cli, file } = await withKey();
    await cli("rotate ci");
    const before = readFileSync(file, "utf8");
    await cli("rotate ci --status");
    for (const flag of ["--to cat", "--overlap 1h", "--finish", "--abort", "--force", "--window 1h", "--tag a=b"]) {
      expect([flag, (await cli(`rotate ci --status ${flag}`)).status]).toEqual([flag, 2]);
    }
    expect((await cli("rotate gone --status")).status).toBe(3);
    expect(readFileSync(file, "utf8")).toBe(before);
  });
});
