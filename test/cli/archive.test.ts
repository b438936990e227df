import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createCli } from "./fake-world.ts";

/** Two keys with a history, and where it is to go. */
async function aStore() {
  const world = createCli();
  await world.cli("generate ci --scope a");
  const { token } = JSON.parse((await world.cli("generate web --json")).stdout) as { token: string };
  await world.cli("disable web");
  return { ...world, token, old: join(world.dir, "store", "old.jsonl") };
}

const lines = (text: string) => text.split("\n").filter((line) => line !== "");

test("audit --archive moves the history and keeps the keys, and both histories can be read and proved", async () => {
  const { cli, file, old, token, clock } = await aStore();
  const history = (await cli("audit")).stdout;
  const keys = (await cli("list --json")).stdout;
  clock.now += 60;

  const moved = await cli(["audit", "--archive", old]);
  expect(moved).toMatchObject({ status: 0, stdout: "" });
  expect(moved.stderr).toMatch(`the history so far is in ${old}; file:${file} went from `);

  expect((await cli("list --json")).stdout).toBe(keys);
  expect((await cli("check", { piped: token })).status).toBe(4);
  expect((await cli(["audit", "--store", `archive:${old}`])).stdout).toBe(history);
  const ops = lines((await cli("audit --json")).stdout).map((line) => (JSON.parse(line) as { op: string }).op);
  expect(new Set(ops)).toEqual(new Set(["compact"]));

  await cli("enable web");
  expect((await cli("check", { piped: token })).status).toBe(0);
  const changes = lines(history).length;
  expect(JSON.parse((await cli(["audit", "--verify", "--json", "--store", `archive:${old}`])).stdout)).toEqual({
    ...{ schemaVersion: 1, ok: true, store: `archive:${old}`, changes, seq: changes },
  });
  const proof = JSON.parse((await cli("audit --verify --json")).stdout) as object;
  expect(proof).toMatchObject({ ok: true, store: `file:${file}`, changes: 2, seq: changes + 2 });
});

test("with --json it says where and how much", async () => {
  const { cli, old } = await aStore();
  const { stdout } = await cli(["audit", "--json", "--archive", old]);
  const sizes = { before: expect.any(Number), after: expect.any(Number) };
  expect(JSON.parse(stdout)).toEqual({ schemaVersion: 1, archive: old, seq: expect.any(Number), ...sizes });
});

test("an archive shows keys as they were, and changes nothing", async () => {
  const { cli, old, token } = await aStore();
  await cli(["audit", "--archive", old]);
  await cli("enable web");
  const inArchive = (line: string, piped?: string) =>
    cli([...line.split(" "), "--store", `archive:${old}`], piped === undefined ? {} : { piped });
  expect((await inArchive("show web")).stdout).toContain("disabled");
  expect((await inArchive("check", token)).stdout).toContain("disabled");
  expect(lines((await inArchive("audit --key ci")).stdout)).toHaveLength(2);
  for (const line of ["generate more", "rotate ci", "disable ci", "revoke ci --yes"]) {
    expect(await inArchive(line), line).toMatchObject({ status: 5, stdout: "" });
  }
  expect((await inArchive("list --json")).stdout).toContain('"name":"web"');
});

test("an archive that is there is not replaced", async () => {
  const { cli, old, file } = await aStore();
  await writeFile(old, "precious");
  const before = await readFile(file);
  for (const path of [old, file]) {
    const ran = await cli(["audit", "--json", "--archive", path]);
    expect(ran).toMatchObject({ status: 5, stdout: "" });
    expect(JSON.parse(ran.stderr)).toMatchObject({ error: { code: "OUTPUT_EXISTS" } });
  }
  expect(await readFile(old, "utf8")).toBe("precious");
  expect((await readFile(file)).equals(before)).toBe(true);
});

test("a store that keeps no history that grows has nothing to move", async () => {
  const { cli, old } = await aStore();
  await cli(["audit", "--archive", old]);
  for (const store of ["memory:", "env:", `archive:${old}`]) {
    const ran = await cli(["audit", "--json", "--archive", `${old}.2`, "--store", store]);
    expect(ran, store).toMatchObject({ status: 2, stdout: "" });
    expect(JSON.parse(ran.stderr)).toMatchObject({ error: { code: "USAGE" } });
  }
});

test("a store without a history says that nothing was moved", async () => {
  const { cli, dir, file } = createCli();
  const ran = await cli(["audit", "--archive", join(dir, "old.jsonl")]);
  expect(ran).toEqual({ status: 0, stdout: "", stderr: `file:${file} has no history yet; nothing was moved\n` });
});

test.each(["--verify", "--since 1d", "--key ci"])("it does one thing: not with %s", async (flag) => {
  const { cli, file, old } = await aStore();
  const before = await readFile(file);
  expect(await cli(["audit", "--archive", old, ...flag.split(" ")])).toMatchObject({ status: 2 });
  expect((await readFile(file)).equals(before)).toBe(true);
});

test("a store named as an archive, and an archive named as a store, say what to write", async () => {
  const { cli, old, file } = await aStore();
  await cli(["audit", "--archive", old]);
  const asArchive = await cli(["audit", "--store", `archive:${file}`]);
  expect(asArchive).toMatchObject({ status: 6, stderr: expect.stringContaining(`--store file:${file}`) });
  const asStore = await cli(["audit", "--store", `file:${old}`]);
  expect(asStore).toMatchObject({ status: 6, stderr: expect.stringContaining(`--store archive:${old}`) });
  expect((await cli(["audit", "--store", "archive:"])).status).toBe(2);
});
