import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Context } from "../../../src/cli/context.ts";
import { GRAVITY, runAll } from "../../../src/cli/rotation/all.ts";
import type { RotateFlags } from "../../../src/cli/rotation/flags.ts";
import { requireKeyOrAll } from "../../../src/cli/rotation/key-or-all.ts";
import { refuseSameFile } from "../../../src/cli/rotation/out-name.ts";
import { CODES, KeysError } from "../../../src/errors.ts";
import { openFileStore } from "../../../src/stores/file.ts";
import { aKey } from "../../fakes.ts";
import { aWorld } from "../../stores/place.ts";
import { createCli } from "../fake-world.ts";

interface Result {
  readonly key: { readonly name: string; readonly versions: readonly { readonly state: string }[] };
  readonly changed?: boolean;
  readonly delivered?: readonly string[];
  readonly error?: { readonly code: string; readonly hint: string };
}

/** Creates the keys a, b and c with the tag env=prod, and dev without it. */
async function withKeys() {
  const made = createCli();
  for (const name of ["a", "b", "c"]) await made.cli(`generate ${name} --tag env=prod --tag of=${name}`);
  await made.cli("generate dev");
  const out = join(made.dir, "out");
  mkdirSync(out);
  const results = async (line: string | readonly string[], options = {}) => {
    const ran = await made.cli([...(typeof line === "string" ? line.split(" ") : line), "--json"], options);
    const document = JSON.parse(ran.stdout) as { schemaVersion: number; results: Result[] };
    return { ...ran, document, results: document.results };
  };
  const states = async (name: string) =>
    (JSON.parse((await made.cli(`show ${name} --json`)).stdout).key as Result["key"]).versions.map(
      ({ state }) => state,
    );
  const check = async (path: string) =>
    JSON.parse((await made.cli("check --json", { piped: readFileSync(path, "utf8") })).stdout);
  return { ...made, out, results, states, check, line: ["rotate", "--all", "--tag", "env=prod"] };
}

const named = (results: readonly Result[]) => results.map(({ key, error }) => [key.name, error?.code ?? "done"]);

describe("rotate --all", () => {
  test("rotates each key with all of the tags, in the order of creation, into a file of its own", async () => {
    const { line, out, results, check, states } = await withKeys();
    const { status, document } = await results([...line, "--out", `${out}/{name}.key`]);
    expect(status).toBe(0);
    expect(Object.keys(document)).toEqual(["schemaVersion", "results"]);
    expect(document.results).toMatchObject(
      ["a", "b", "c"].map((name) => ({
        ...{ key: { name }, version: { n: 2 }, changed: true, retiring: { n: 1 } },
        delivered: [`file:${out}/${name}.key`],
      })),
    );
    expect(readdirSync(out)).toEqual(["a.key", "b.key", "c.key"]);
    for (const name of ["a", "b", "c"]) {
      expect(await check(join(out, `${name}.key`))).toMatchObject({ ok: true, key: { name }, version: { n: 2 } });
    }
    expect(await states("dev")).toEqual(["current"]);
    const two = await results(["rotate", "--all", "--tag", "env=prod,of=b", "--to", "cat >/dev/null"]);
    expect(named(two.results)).toEqual([["b", "done"]]);
  });

  test("goes on after a failure, reports each, and exits with the gravest", async () => {
    const { line, cli, results, states } = await withKeys();
    const to = `case $MCP_KEYS_KEY in a) exit 1;; b) cat >/dev/null; exit 1;; *) cat >/dev/null;; esac`;
    const ran = await cli([...line, "--to", to]);
    expect(ran).toMatchObject({ status: 5, stdout: "" });
    expect(ran.stderr).toMatch(
      /^error: a: the command failed .*\nhint: .*\nerror: b: .*\nhint: .*\nversion 2 of c .*\n.*\ndone: c\nfailed: a \(DELIVERY_FAILED\), b \(DELIVERY_UNCERTAIN\)\n$/,
    );
    expect([await states("a"), await states("b"), await states("c")]).toEqual([
      ["current", "revoked"],
      ["current", "pending"],
      ["retiring", "current"],
    ]);
    const json = await results([...line, "--to", to]);
    expect(json.status).toBe(5);
    expect(named(json.results)).toEqual([
      ["a", "DELIVERY_FAILED"],
      ["b", "DELIVERY_UNCERTAIN"],
      ["c", "done"],
    ]);
    // The key is shown as the failed run left it.
    expect(json.results[1]!.key.versions.map(({ state }) => state)).toEqual(["current", "pending", "pending"]);
    expect(json.stderr).not.toContain("error:");
    expect((await cli([...line, "--quiet", "--to", to])).stderr).toMatch(/^error: a.*\nhint.*\nerror: b.*\nhint.*\n$/);
  });

  test("every exit status has a place in the order of gravity", () => {
    expect([...new Set(Object.values(CODES).map(({ exit }) => exit))].sort()).toEqual([...GRAVITY].sort());
  });

  test("leaves out keys that do not work, and says so", async () => {
    const { line, cli, clock, results } = await withKeys();
    await cli("generate old --tag env=prod --expires 1h");
    await cli("disable a");
    await cli("revoke b --yes");
    clock.now += 3_600;
    const { status, results: some, stderr } = await results([...line, "--to", "cat >/dev/null"]);
    expect({ status, some: named(some) }).toEqual({ status: 0, some: [["c", "done"]] });
    expect(stderr).toContain(
      "left out, because --all takes active keys only: a (disabled), b (revoked), old (expired)\n",
    );
    const all = await results(["rotate", "--all", "--to", "cat >/dev/null"]);
    expect(named(all.results)).toEqual([
      ["c", "done"],
      ["dev", "done"],
    ]);
  });

  test("exits with 3 if no active key matches, because a mistyped tag must not look like a success", async () => {
    const { cli } = await withKeys();
    const none = await cli("rotate --all --tag env=prdo --to cat");
    expect(none).toMatchObject({ status: 3, stdout: "" });
    expect(none.stderr).toContain("error: no active key has these tags\n");
    await cli("disable dev");
    await cli("update dev --tag env=dev");
    expect((await cli("rotate --all --tag env=dev --to cat")).stderr).toContain("has these tags: dev (disabled)");
    const empty = createCli();
    expect((await empty.cli("rotate --all --finish --json")).stderr).toContain("no active key is in the store");
  });

  test("--if-older-than applies to each key", async () => {
    const { line, cli, clock, results } = await withKeys();
    clock.now += 40 * 86_400;
    await cli("rotate b");
    const ran = await results([...line, "--if-older-than", "30d", "--to", "cat >/dev/null"]);
    expect(ran.results.map(({ changed }) => changed)).toEqual([true, false, true]);
  });

  test("Ctrl-C ends it; the report says which keys are done and which were not tried", async () => {
    const { line, cli, states, out } = await withKeys();
    const stop = new AbortController();
    const to = `cat >'${out}/'$MCP_KEYS_KEY; [ $MCP_KEYS_KEY != b ] || until [ -e '${out}/go' ]; do sleep 0.05; done`;
    const running = cli([...line, "--json", "--to", to], { interrupted: stop.signal });
    await expect.poll(() => existsSync(join(out, "b")), { timeout: 10_000 }).toBe(true);
    stop.abort();
    writeFileSync(join(out, "go"), "");
    const { status, stdout, stderr } = await running;
    expect(status).toBe(130);
    expect(named(JSON.parse(stdout).results)).toEqual([
      ["a", "done"],
      ["b", "INTERRUPTED"],
      ["c", "INTERRUPTED"],
    ]);
    expect(stderr).toMatch(/done: a\nfailed: b \(INTERRUPTED\)\nnot tried: c\n\{"error":\{"code":"INTERRUPTED"/);
    expect([await states("b"), await states("c")]).toEqual([["current", "pending"], ["current"]]);
  });

  test("the end of an interrupted run waits for the report", async () => {
    const stop = new AbortController();
    const tidies: (() => Promise<void>)[] = [];
    const said: string[] = [];
    let release = (): void => undefined;
    const ctx = {
      flags: { json: false },
      io: { note: (line: string) => said.push(line), fail: () => undefined },
      world: { now: () => 1, interrupted: stop.signal },
      store: async () => ({ list: async () => [aKey({ name: "a" }), aKey({ name: "b" })], get: async () => null }),
      setExitStatus: () => undefined,
      atEnd: (tidy: () => Promise<void>) => tidies.push(tidy),
    } as unknown as Context;
    const running = runAll(ctx, {} as RotateFlags, async () => {
      await new Promise<void>((resolve) => (release = resolve));
      throw new KeysError("INTERRUPTED", "interrupted");
    });
    await expect.poll(() => tidies.length).toBe(1);
    stop.abort();
    const ended = Promise.all(tidies.map((tidy) => tidy())).then(() => said.push("ended"));
    release();
    await Promise.all([running, ended]);
    expect(said).toEqual(["done: none", "failed: a (INTERRUPTED)", "not tried: b", "ended"]);
  });

  test("--run-id repeats only what is not done", async () => {
    const { line, results } = await withKeys();
    const run = (to: string) => results([...line, "--run-id", "4711", "--to", to]);
    const first = await run("cat >/dev/null; [ $MCP_KEYS_KEY != b ]");
    expect(first.status).toBe(5);
    const second = await run("cat >/dev/null");
    expect(second.status).toBe(0);
    expect(second.results.map(({ changed }) => changed)).toEqual([false, true, false]);
  });

  test("ends with 141 and no more messages if nothing reads the output", async () => {
    const { line, cli } = await withKeys();
    expect(await cli([...line, "--status"], { brokenStdout: true })).toMatchObject({ status: 141, stderr: "" });
    const json = await cli([...line, "--json", "--to", "cat >/dev/null", "--quiet"], { brokenStdout: true });
    expect(json).toMatchObject({ status: 141, stderr: "" });
  });

  test("stops at the first key if the flags are wrong for all", async () => {
    const { line, cli } = await withKeys();
    const ran = await cli([...line, "--to", "cat", "--verify", "http://192.0.2.1/mcp"]);
    expect(ran).toMatchObject({ status: 2, stdout: "" });
    expect(ran.stderr).toMatch(/^error: .*plain http.*\nhint: .*\n$/);
  });

  test.each([
    ["rotate --all", "--all does not print tokens"],
    ["rotate --all --format shell", "--all does not print tokens"],
    ["rotate --all --out key", "needs {name}"],
    ["rotate ci --all --to cat", "a key and --all cannot be used together"],
    ["rotate --all --to cat --verify https://h.example/mcp --old-token-env OLD", "--old-token-env and --all cannot"],
    ["rotate ci --tag a=b", "--tag has no effect without --all"],
    ["rotate", "missing required argument 'key'"],
    ["rotate --finish", "missing required argument 'key'"],
  ])("refuses `%s` and changes nothing", async (line, says) => {
    const { cli, file } = await withKeys();
    const before = readFileSync(file, "utf8");
    const ran = await cli(line);
    expect(ran).toMatchObject({ status: 2, stdout: "" });
    expect(ran.stderr).toContain(says);
    expect(readFileSync(file, "utf8")).toBe(before);
  });
});

describe("rotate --all --finish", () => {
  test("finishes the rotations that are proven and reports the others", async () => {
    const { line, file, clock, results, states, cli } = await withKeys();
    const { results: rotated } = await results([...line, "--to", "cat >/dev/null"]);
    await cli(["rotate", "c", "--finish", "--force"]);
    const store = await openFileStore(file, aWorld());
    await store.touch([{ id: (rotated[0]!.key as unknown as { id: string }).id, n: 2, at: clock.now + 1 }]);
    await store.close();
    const ran = await results([...line, "--finish"]);
    expect(ran.status).toBe(5);
    expect(ran.results.map(({ key, changed, error }) => [key.name, changed ?? error?.code])).toEqual([
      ["a", true],
      ["b", "ROTATION_UNPROVEN"],
      ["c", false],
    ]);
    expect(await states("a")).toEqual(["retired", "current"]);
    expect((await results([...line, "--finish", "--force"])).status).toBe(0);
  });
});

describe("rotate --all --abort", () => {
  test("returns to the old version where there is one", async () => {
    const { line, cli, results, states } = await withKeys();
    await cli("rotate b");
    const ran = await results([...line, "--abort"]);
    expect(ran.status).toBe(0);
    expect(ran.results.map(({ changed }) => changed)).toEqual([false, true, false]);
    expect(await states("b")).toEqual(["current", "revoked"]);
  });
});

test("rotate --all --status shows each key", async () => {
  const { line, cli, results } = await withKeys();
  await cli("rotate b");
  expect((await results([...line, "--status"])).results).toMatchObject([
    { step: null },
    { step: "overlap" },
    { step: null },
  ]);
  expect((await cli([...line, "--status"])).stdout.match(/(^|\n\n)key {5}\w/g)).toHaveLength(3);
});

describe("{name} in --out", () => {
  test("is the name of the key, also without --all", async () => {
    const { cli, out } = await withKeys();
    const { key } = JSON.parse((await cli("show a --json")).stdout);
    expect((await cli(["rotate", key.id, "--out", `${out}/{name}/{name}`])).status).toBe(5);
    expect((await cli(["rotate", key.id, "--out", `${out}/{name}-{name}`])).status).toBe(0);
    expect(readdirSync(out)).toEqual(["a-a"]);
  });

  test.each([".", ".."])("is refused for a key named %s, which would leave the folder", async (name) => {
    const { cli, out, results } = await withKeys();
    await cli(["generate", name]);
    expect((await cli(["rotate", name, "--out", `${out}/{name}/x`])).status).toBe(2);
    const ran = await results(["rotate", "--all", "--out", `${out}/{name}`]);
    expect(named(ran.results).at(-1)).toEqual([name, "USAGE"]);
  });
});

test("tokens of one key are no evidence for all of them", () => {
  for (const flags of [{ oldTokenEnv: "OLD" }, { verify: ["https://h.example/mcp"] }, { verifyAll: "servers" }]) {
    const given = { all: true, finish: true, ...flags } as unknown as RotateFlags;
    expect(() => requireKeyOrAll(undefined, given)).toThrow(expect.objectContaining({ code: "USAGE" }));
  }
});

test.each(["darwin", "win32", "linux"])("names that differ only in case are one file on %s", (platform) => {
  const keys = ["ci", "web", "CI"].map((name) => ({ name }));
  const refuse = () => {
    refuseSameFile(keys, platform);
  };
  if (platform === "linux") refuse();
  else expect(refuse).toThrow(expect.objectContaining({ code: "USAGE" }));
  expect(() => {
    refuseSameFile(keys.slice(0, 2), platform);
  }).not.toThrow();
});

test("commands learn which token they handle from their environment", async () => {
  const { cli, out } = await withKeys();
  const to = `cat >/dev/null; printf '%s ' "$MCP_KEYS_KEY" "$MCP_KEYS_KEY_ID" "$MCP_KEYS_VERSION" >'${out}/said'`;
  const said = () => readFileSync(join(out, "said"), "utf8").trim().split(" ");
  const { key } = JSON.parse((await cli(["generate", "--json", "--to", to])).stdout);
  expect(said()).toEqual(["default", key.id, "1"]);
  await cli(["rotate", key.id, "--to", to], { env: { MCP_KEYS_KEY: "of another run" } });
  expect(said()).toEqual(["default", key.id, "2"]);
  const deploy = ["--deploy", to.replace("cat >/dev/null; ", "")];
  await cli(["rotate", "--all", "--tag", "of=c", "--to", "cat >/dev/null", ...deploy]);
  expect(said()).toMatchObject(["c", expect.any(String), "2"]);
});
