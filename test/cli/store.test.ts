import { chmod, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createCli } from "./fake-world.ts";

async function createStore() {
  const world = createCli();
  await world.cli("generate ci --scope a");
  const { token } = JSON.parse((await world.cli("generate web --json")).stdout) as { token: string };
  await world.cli("disable web");
  return { ...world, token, to: `file:${join(world.dir, "new", "keys.jsonl")}` };
}

const codeOf = (stderr: string) => (JSON.parse(stderr) as { error: { code: string } }).error.code;

describe("store", () => {
  test("shows the store, what chose it, its path and its number of keys", async () => {
    const { cli, file, dir } = await createStore();
    const { stdout } = await cli("store");
    const lines = ["store      file:" + file, "chosen by  MCP_KEYS_STORE", "on disk    " + file, "keys       2"];
    expect(stdout).toMatch(
      new RegExp(`^${[...lines, "writable   yes"].join("\\n")}\\nposition   [A-Za-z0-9-]+\\.5\\n`),
    );
    const json = async (line: string, env = {}) => JSON.parse((await cli(`${line} --json`, { env })).stdout) as unknown;
    const found = {
      schemaVersion: 1,
      path: file,
      writable: true,
      position: expect.stringMatching(/^[A-Za-z0-9-]+\.\d+$/),
    };
    expect(await json("store")).toMatchObject({ ...found, store: `file:${file}`, chosenBy: "variable", keys: 2 });
    expect(await json(`store --store file:${dir}/a.jsonl`)).toMatchObject({
      chosenBy: "flag",
      keys: 0,
      writable: true,
    });
    const ours = join(dir, "data", "keys.jsonl");
    for (const blank of ["", " "]) {
      expect(await json("store", { MCP_KEYS_STORE: blank })).toMatchObject({
        ...{ ...found, store: `file:${ours}`, chosenBy: "default", path: ours, keys: 0 },
      });
    }
    expect(await json("store --store env:")).toMatchObject({ store: "env:", path: null, keys: 0, writable: false });
    expect(await json("store --store memory:")).toMatchObject({ store: "memory:", path: null, writable: true });
    expect(await readdir(dir)).toEqual(["store"]);
  });

  test("shows the path and scheme of an unreadable store, then fails", async () => {
    const { cli, file, dir } = await createStore();
    await chmod(file, 0o644);
    const ran = await cli("store --json");
    expect(ran.status).toBe(6);
    expect(JSON.parse(ran.stdout)).toEqual({
      ...{ schemaVersion: 1, store: `file:${file}`, chosenBy: "variable", path: file, keys: null, writable: false },
      ...{ position: null, servers: null },
    });
    expect(codeOf(ran.stderr)).toBe("STORE_INSECURE");
    const text = await cli("store");
    expect(text).toMatchObject({ status: 6, stdout: expect.stringContaining(file) });
    expect(text.stderr).toContain("chmod 600");
    const secret = await cli("store --store postgres://ada:s3cret@host/db");
    expect(secret).toMatchObject({ status: 2, stdout: "store      postgres:\nchosen by  --store\n" });
    expect(secret.stderr).not.toContain("s3cret");
    await writeFile(join(dir, "plain"), "");
    expect((await cli(`store --store file:${dir}/plain/keys.jsonl`)).status).toBe(6);
  });
});

describe("store migrate", () => {
  test("copies keys and history; verdicts on tokens do not change", async () => {
    const { cli, file, to, token, dir } = await createStore();
    const [history, keys] = [(await cli("audit")).stdout, (await cli("list")).stdout];
    const before = await readFile(file);
    expect(await cli(`store migrate --from file:${file} --to ${to} --dry-run`)).toEqual({
      ...{ status: 0, stdout: "" },
      stderr: `would copy 5 changes to 2 keys from file:${file} to ${to} and compare\n`,
    });
    expect(await readdir(dir)).toEqual(["store"]);
    const ran = await cli(`store migrate --from file:${file} --to ${to}`);
    expect(ran).toMatchObject({ status: 0, stdout: "" });
    expect(ran.stderr).toContain(`copied 5 changes to 2 keys from file:${file} to ${to} and compared\n`);
    expect(ran.stderr).toContain(`MCP_KEYS_STORE=${to}`);
    expect((await readFile(file)).equals(before)).toBe(true);
    const there = { env: { MCP_KEYS_STORE: to } };
    expect((await cli("audit", there)).stdout).toBe(history);
    expect((await cli("list", there)).stdout).toBe(keys);
    expect((await cli("check", { ...there, piped: token })).stdout).toContain("disabled");
    await cli("enable web", there);
    expect((await cli("check", { ...there, piped: token })).status).toBe(0);
    expect((await cli("check", { piped: token })).status).toBe(4);
  });

  test("--json prints the numbers; a second run copies only later changes", async () => {
    const { cli, file, to } = await createStore();
    const json = async (flags = "") =>
      JSON.parse((await cli(`store migrate --from file:${file} --to ${to} --json ${flags}`)).stdout) as unknown;
    const doc = { schemaVersion: 1, from: `file:${file}`, to, dryRun: false, keys: 2, changes: 5, removed: false };
    expect(await json("--dry-run")).toEqual({ ...doc, dryRun: true, copied: 5 });
    expect(await json()).toEqual({ ...doc, copied: 5 });
    expect(await json()).toEqual({ ...doc, copied: 0 });
    await cli("enable web");
    expect(await json("--delete-source --yes")).toEqual({ ...doc, changes: 6, copied: 1, removed: true });
    expect(await json("--delete-source --yes")).toMatchObject({ keys: 0, changes: 0, copied: 0 });
  });

  test("removes the source only after --yes or a typed confirmation", async () => {
    const { cli, file, to, dir } = await createStore();
    const line = `store migrate --from file:${file} --to ${to} --delete-source`;
    const unsaid = await cli(`${line} --json`);
    expect(unsaid).toMatchObject({ status: 2, stdout: "" });
    expect(codeOf(unsaid.stderr)).toBe("INPUT_REQUIRED");
    expect(await readdir(dir)).toEqual(["store"]);
    expect((await cli(`${line} --dry-run`)).status).toBe(0);
    await expect(cli(line, { answers: ["yes"] })).resolves.toMatchObject({ status: 1 });
    expect(await readdir(dir)).toEqual(["store"]);
    const ran = await cli(line, { answers: ["yes", "remove"] });
    expect(ran).toMatchObject({ status: 0, stdout: "" });
    expect(ran.stderr).toContain(`removed file:${file}`);
    expect(await readdir(join(dir, "store"))).toEqual([]);
    expect((await cli("list", { env: { MCP_KEYS_STORE: to } })).stdout).toContain("ci");
  });

  test("refuses a target with other keys, and a store that is its own target", async () => {
    const { cli, file, to, dir } = await createStore();
    await cli("generate other", { env: { MCP_KEYS_STORE: to } });
    const from = `store migrate --json --from file:${file}`;
    for (const [line, status, code] of [
      [`${from} --to ${to} --delete-source --yes`, 5, "STORE_CONFLICT"],
      [`${from} --to file:${file} --delete-source --yes`, 2, "USAGE"],
      [`${from} --to file:${dir}/x/../store/keys.jsonl --delete-source --yes`, 2, "USAGE"],
      [`${from} --to memory:`, 2, "USAGE"],
      [`${from} --to env:`, 5, "STORE_READ_ONLY"],
      [`${from} --to nowhere:`, 2, "USAGE"],
      [`${from} --to ${to} --store file:x`, 2, "USAGE"],
      [`store migrate --json --to ${to} --from env:`, 5, "STORE_READ_ONLY"],
      [from, 2, "USAGE"],
    ] as const) {
      const ran = await cli(line);
      expect({ line, status: ran.status, stdout: ran.stdout }).toEqual({ line, status, stdout: "" });
      expect(codeOf(ran.stderr)).toBe(code);
    }
    expect((await cli("list")).stdout).toContain("ci");
  });

  test("warns about an empty source, also with --quiet, and exits with 0", async () => {
    const { cli, file, to, dir } = await createStore();
    const ran = await cli(`store migrate --quiet --from file:${dir}/typo.jsonl --to ${to}`);
    expect(ran).toMatchObject({ status: 0, stdout: "", stderr: expect.stringContaining("typo.jsonl has no keys") });
    expect((await cli(`store migrate --quiet --from file:${file} --to ${to}`)).stderr).toBe("");
  });

  test("refuses a target folder that others can write to and copies nothing", async () => {
    const { cli, file, dir } = await createStore();
    await mkdir(join(dir, "open"));
    await chmod(join(dir, "open"), 0o777);
    const ran = await cli(`store migrate --from file:${file} --to file:${dir}/open/keys.jsonl`);
    expect(ran).toMatchObject({ status: 6, stderr: expect.stringContaining("chmod go-w") });
    expect(await readdir(join(dir, "open"))).toEqual([]);
  });
});
