import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createCli } from "./fake-world.ts";

async function withKey() {
  const { cli, dir, clock, file } = createCli();
  await cli("generate ci --expires never");
  const out = join(dir, "out");
  const run = (id: string, command = `cat >${out}`, ...flags: string[]) =>
    cli(["rotate", "ci", "--run-id", id, "--to", command, "--json", ...flags]);
  const versions = async (store = `file:${file}`) =>
    JSON.parse((await cli(["show", "ci", "--json", "--store", store])).stdout).key.versions as object[];
  return { cli, dir, clock, file, out, run, versions };
}

test("the same run again changes nothing and says so, even if another run came later", async () => {
  const { cli, run, versions } = await withKey();
  expect(JSON.parse((await run("4711")).stdout)).toMatchObject({ changed: true, runId: "4711", version: { n: 2 } });
  const again = await run("4711", "exit 9");
  expect(JSON.parse(again.stdout)).toMatchObject({
    ...{ changed: false, runId: "4711" },
    version: { n: 2, state: "current", runId: "4711" },
  });
  expect(again).toMatchObject({
    status: 0,
    stderr: expect.stringContaining("was made current by run 4711, which is done"),
  });
  expect(JSON.parse((await run("4712")).stdout)).toMatchObject({ changed: true, version: { n: 3 } });
  await cli("rotate ci --finish --force");
  expect(JSON.parse((await run("4711")).stdout)).toMatchObject({ changed: false, version: { n: 2, state: "retired" } });
  expect(await versions()).toHaveLength(3);
});

test("an unfinished run is resumed under the same id, with a new token", async () => {
  const { cli, out, run, versions } = await withKey();
  expect((await run("4711", `cat >${out}; exit 3`)).status).toBe(5);
  const lost = readFileSync(out, "utf8");
  expect((await run("4711", "/nonexistent/program")).status).toBe(5);
  expect(JSON.parse((await run("4711")).stdout)).toMatchObject({ changed: true, version: { n: 3, runId: "4711" } });
  expect(await versions()).toMatchObject([
    { state: "retiring" },
    { state: "retiring", runId: "4711" },
    { state: "current", runId: "4711" },
  ]);
  for (const token of [lost, readFileSync(out, "utf8")]) expect((await cli("check", { piped: token })).status).toBe(0);
  expect(JSON.parse((await run("4711")).stdout)).toMatchObject({ changed: false });
});

test("a run whose version was revoked is not done: the destination may hold a revoked token", async () => {
  const { cli, run } = await withKey();
  await run("4711");
  await cli("rotate ci --abort --force");
  expect(JSON.parse((await run("4711")).stdout)).toMatchObject({ changed: true, version: { n: 3 } });
});

test("show and audit name the run, also after the history was archived or the store was moved", async () => {
  const { cli, dir, file, run, versions } = await withKey();
  await run("4711");
  expect((await cli("show ci")).stdout).toMatch(/LAST USED +RUN\n1 .* -\n2 .* 4711\n/);
  const audit = (await cli("audit")).stdout;
  expect(audit).toMatch(
    /stage {2}ci \(\w+\) {2}version 2 {2}run 4711\n.*promote {2}ci \(\w+\) {2}version 2 {2}run 4711\n/,
  );
  expect((await cli("audit --json")).stdout).toMatch(/"op":"promote".*"version":2,"runId":"4711"}\n/);
  await cli(["audit", "--archive", `${file}.old`]);
  expect((await versions())[1]).toMatchObject({ runId: "4711" });
  const moved = `file:${dir}/moved/keys.jsonl`;
  expect((await cli(["store", "migrate", "--from", `file:${file}`, "--to", moved])).status).toBe(0);
  expect((await versions(moved))[1]).toMatchObject({ runId: "4711" });
  const again = await cli(["rotate", "ci", "--run-id", "4711", "--to", "cat >/dev/null", "--json", "--store", moved]);
  expect(JSON.parse(again.stdout)).toMatchObject({ changed: false });
});

test.each([
  [["--run-id", "4711"], "--run-id needs --out or --to"],
  [["--run-id", "", "--to", "cat >/dev/null"], '"" is not a valid run id'],
  [["--run-id", "a b", "--to", "cat >/dev/null"], '"a b" is not a valid run id'],
  [["--run-id", "4711", "--finish"], "cannot be used"],
])("rotate ci %j exits with 2 and changes nothing", async (flags, says) => {
  const { cli, versions } = await withKey();
  const ran = await cli(["rotate", "ci", ...flags]);
  expect(ran).toMatchObject({ status: 2, stdout: "" });
  expect(ran.stderr).toContain(says);
  expect(await versions()).toHaveLength(1);
});
