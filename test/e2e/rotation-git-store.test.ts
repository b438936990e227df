import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { rotationFile, withLines } from "../docs/rotation-page.ts";
import { buildServer, createMachines, placeIn } from "./machines.ts";
import { startServerProcess } from "./server-process.ts";

const SECTION = "A store in a git repository";

/** A store in a git repository, a server that reads its keyset, and the workflow of the page. */
async function withRepository() {
  const { world, run, secret } = createMachines();
  const env = { MCP_KEYS_STORE: "file:keys/keys.jsonl", GIT_CONFIG_GLOBAL: "/dev/null", KNOWN_HOSTS: "host.example" };
  /** Runs a script in a clone, like a new runner: with a home of its own. */
  const runIn = (clone: string, script: string, more: Record<string, string> = {}) =>
    run("sh", ["-ec", script], {
      cwd: join(world, clone),
      env: { ...env, HOME: join(world, `home-${clone}`), ...more },
    });
  const clone = async (name: string): Promise<void> => {
    mkdirSync(join(world, `home-${name}`));
    expect(await run("git", ["clone", "-q", join(world, "keys.git"), join(world, name)])).toMatchObject({ status: 0 });
  };
  const { jobs } = parse(rotationFile(".github/workflows/rotate.yml", SECTION)) as {
    jobs: { rotate: { steps: { name?: string; run: string }[] } };
  };
  const step = jobs.rotate.steps.find(({ name }) => name === "Rotate")!.run;
  const pipeline = (name: string, id: string) => runIn(name, step, { SSH_KEY: "key", RUN_ID: `github-${id}` });

  await run("git", ["init", "-q", "--bare", "-b", "main", join(world, "keys.git")]);
  await clone("admin");
  const save = (url: string): void => {
    const script = withLines(rotationFile("rotate.sh", "B"), rotationFile("rotate.sh", SECTION));
    const adapted = placeIn(world, script).replace("https://host.example/mcp", url).replace("every=30d", "every=1s");
    writeFileSync(join(world, "admin/rotate.sh"), adapted.replace('sh "$0" finish', "true"));
    writeFileSync(join(world, "admin/save-store.sh"), rotationFile("save-store.sh"));
  };
  save("http://127.0.0.1:1/mcp");
  expect(await runIn("admin", "sh rotate.sh first")).toMatchObject({ status: 0, stdout: "" });
  const program = await buildServer("guarded", world);
  const keyset = `keyset:${join(world, "server/etc/mcp/keyset.json")}`;
  const server = await startServerProcess(program, { MCP_KEYS_STORE: keyset, HOME: join(world, "server") });
  save(server.url);
  const push = `git config user.name ada; git config user.email ada@host.example; git add *.sh; sh save-store.sh </dev/null`;
  expect(await runIn("admin", push)).toMatchObject({ status: 0 });
  return { world, run, runIn, clone, pipeline, secret };
}

test("a store in a git repository: each run pushes the version before its token is delivered", async () => {
  const { run, runIn, clone, pipeline, secret, world } = await withRepository();
  const first = secret();
  await clone("one");
  const ended = await pipeline("one", "1");
  expect(ended).toMatchObject({ status: 0 });
  expect(secret()).not.toBe(first);
  // Whoever clones the repository now has the store of the run: its token is the current one.
  await clone("two");
  expect(await runIn("two", "chmod -R go= keys; mcp-keys check", { MCP_API_KEY: secret() })).toMatchObject({
    status: 0,
  });
  const { stdout } = await run("git", ["-C", join(world, "keys.git"), "log", "--format=%an"]);
  expect(stdout).toBe("rotation\nrotation\nada\n");
});

test("two runs of a store in git at once: the second push is refused, and its token is not delivered", async () => {
  const { world, clone, pipeline, secret } = await withRepository();
  await clone("one");
  cpSync(join(world, "one"), join(world, "late"), { recursive: true });
  mkdirSync(join(world, "home-late"));
  expect(await pipeline("one", "1")).toMatchObject({ status: 0 });
  const token = secret();
  const late = await pipeline("late", "2");
  expect(late.status).toBe(5);
  expect(late.stderr).toMatch(/error: --publish 'sh save-store.sh': /);
  expect(secret()).toBe(token);
});
