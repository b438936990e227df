import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createCli } from "./fake-world.ts";

/** Creates a store with two keys, and a path for its archive. */
async function createStore() {
  const world = createCli();
  await world.cli("generate ci --scope a");
  const { token } = JSON.parse((await world.cli("generate web --json")).stdout) as { token: string };
  await world.cli("disable web");
  return { ...world, token, old: join(world.dir, "store", "old.jsonl") };
}

const lines = (text: string) => text.split("\n").filter((line) => line !== "");

test("audit --archive moves the history and keeps the keys; both histories can be read and verified", async () => {
  const { cli, file, old, token, clock } = await createStore();
  const history = (await cli("audit")).stdout;
  const keys = (await cli("list --json")).stdout;
  clock.now += 60;

  const moved = await cli(["audit", "--archive", old]);
  expect(moved).toMatchObject({ status: 0, stdout: "" });
  expect(moved.stderr).toMatch(`moved the history to ${old}; file:${file} shrank from `);

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

test("--json prints the archive and the sizes", async () => {
  const { cli, old } = await createStore();
  const { stdout } = await cli(["audit", "--json", "--archive", old]);
  const sizes = { before: expect.any(Number), after: expect.any(Number) };
  expect(JSON.parse(stdout)).toEqual({ schemaVersion: 1, archive: old, seq: expect.any(Number), ...sizes });
});

test("an archive shows the keys as they were and is read-only", async () => {
  const { cli, old, token } = await createStore();
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

test("does not replace an existing file", async () => {
  const { cli, old, file } = await createStore();
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

test("refuses stores without a history", async () => {
  const { cli, old } = await createStore();
  await cli(["audit", "--archive", old]);
  for (const store of ["memory:", "env:", `archive:${old}`]) {
    const ran = await cli(["audit", "--json", "--archive", `${old}.2`, "--store", store]);
    expect(ran, store).toMatchObject({ status: 2, stdout: "" });
    expect(JSON.parse(ran.stderr)).toMatchObject({ error: { code: "USAGE" } });
  }
});

test("says that an empty history was not moved", async () => {
  const { cli, dir, file } = createCli();
  const ran = await cli(["audit", "--archive", join(dir, "old.jsonl")]);
  expect(ran).toEqual({ status: 0, stdout: "", stderr: `file:${file} has no history yet, so nothing was moved\n` });
});

test.each(["--verify", "--since 1d", "--key ci"])("cannot be combined with %s", async (flag) => {
  const { cli, file, old } = await createStore();
  const before = await readFile(file);
  expect(await cli(["audit", "--archive", old, ...flag.split(" ")])).toMatchObject({ status: 2 });
  expect((await readFile(file)).equals(before)).toBe(true);
});

test("suggests the right spec for a store opened as an archive and the reverse", async () => {
  const { cli, old, file } = await createStore();
  await cli(["audit", "--archive", old]);
  const asArchive = await cli(["audit", "--store", `archive:${file}`]);
  expect(asArchive).toMatchObject({ status: 6, stderr: expect.stringContaining(`--store file:${file}`) });
  const asStore = await cli(["audit", "--store", `file:${old}`]);
  expect(asStore).toMatchObject({ status: 6, stderr: expect.stringContaining(`--store archive:${old}`) });
  expect((await cli(["audit", "--store", "archive:"])).status).toBe(2);
});
