import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { digestToken } from "../../src/core/digest.ts";
import { startServer } from "../probe/servers/configurable-server.ts";
import { during } from "../probe/verify/verifying.ts";
import { createCli } from "./fake-world.ts";

interface Published {
  readonly seq: number;
  readonly keys: readonly { name?: string; versions: readonly { n: number; state: string; digest: string }[] }[];
}

/** A key, and a server that reads the keyset which `publish` replaces. */
async function withServer() {
  const { cli, dir, file, clock } = createCli();
  const path = join(dir, "keyset.json");
  const publish = `cat >${path}`;
  const keyset = (): Published => JSON.parse(readFileSync(path, "utf8"));
  const published = () => keyset().keys[0]?.versions.map(({ state }) => state) ?? [];
  const knows = (token: string): boolean =>
    existsSync(path) &&
    keyset().keys.some(({ versions }) => versions.some(({ digest }) => digest === digestToken(token)));
  const old = (await cli("generate ci --expires never")).stdout.trim();
  await cli(["export", "--keyset", "--to", publish]);
  const { url } = await during(startServer([], { knows }));
  const rotate = (...flags: string[]) =>
    cli(["rotate", "ci", ...flags, ...(flags.includes("--verify") ? ["--patience", "0s"] : [])]);
  const versions = async () =>
    JSON.parse((await cli("show ci --json")).stdout).key.versions.map(
      ({ state, reason }: { state: string; reason?: string }) => reason ?? state,
    );
  return { cli, dir, file, clock, path, publish, keyset, published, knows, old, url, rotate, versions };
}

describe("--publish", () => {
  test("lets a server accept the new token before its delivery, and tells it the end of the old one", async () => {
    const { dir, publish, published, knows, url, rotate } = await withServer();
    const token = join(dir, "token");
    // The destination gets the token only once the server accepts it.
    const ran = await rotate(
      "--publish",
      publish,
      "--verify",
      url,
      "--to",
      `cp ${dir}/keyset.json ${dir}/at-delivery; cat >${token}`,
    );
    expect(ran).toMatchObject({ status: 0, stdout: "" });
    expect(readFileSync(join(dir, "at-delivery"), "utf8")).toContain(digestToken(readFileSync(token, "utf8")));
    expect(knows(readFileSync(token, "utf8"))).toBe(true);
    expect(published()).toEqual(["retiring", "current"]);
  });

  test("gives the keyset of the whole store to each command, in order", async () => {
    const { cli, dir, rotate, keyset } = await withServer();
    await cli("generate other");
    const both = ["a", "b"].flatMap((name) => ["--publish", `cat >${dir}/keyset.json; echo ${name} >>${dir}/order`]);
    expect((await rotate(...both, "--no-names")).status).toBe(0);
    expect(readFileSync(join(dir, "order"), "utf8")).toBe("a\nb\na\nb\n");
    expect(keyset().keys).toHaveLength(2);
    expect(keyset().keys[0]!.name).toBeUndefined();
  });

  test("--base64url and --sign-with apply to the keyset", async () => {
    const { dir, path, publish, rotate } = await withServer();
    expect((await rotate("--publish", publish, "--base64url")).status).toBe(0);
    expect(readFileSync(path, "utf8")).toMatch(/^[\w-]+$/);
    const missing = await rotate("--publish", publish, "--sign-with", join(dir, "missing.pem"));
    expect(missing).toMatchObject({ status: 2, stdout: "" });
  });

  test.each([
    ["fails", "cat >/dev/null; exit 3", "the command failed with exit status 3"],
    ["reads nothing", "true", "the command ended without reading the keyset"],
  ])("a command that %s stops the run before the delivery", async (_, command, says) => {
    const { rotate, versions, old, knows } = await withServer();
    const ran = await rotate("--publish", command, "--json");
    expect(ran).toMatchObject({ status: 5, stdout: "" });
    const { error } = JSON.parse(ran.stderr);
    expect(error).toEqual({
      code: "PUBLISH_FAILED",
      message: expect.stringContaining(`${says}; the new token was not delivered, and the old one stays current`),
      hint: "fix the command of --publish and run the same command again",
    });
    expect(await versions()).toEqual(["current", "undelivered"]);
    expect(knows(old)).toBe(true);
  });

  test("if one command fails, the others still get the keyset", async () => {
    const { rotate, publish, published } = await withServer();
    expect((await rotate("--publish", "cat >/dev/null; false", "--publish", publish)).status).toBe(5);
    expect(published()).toEqual(["current"]);
  });

  test("fails after the promotion: the rotation stands, and the hint publishes", async () => {
    const { cli, dir, file, publish, rotate, versions, published } = await withServer();
    writeFileSync(join(dir, "switch"), "");
    const once = `[ -e ${dir}/switch ] && rm ${dir}/switch && ${publish}`;
    const ran = await rotate("--publish", once, "--json");
    expect(ran.status).toBe(5);
    expect(ran.stdout).toMatch(/"token":"mcp_/);
    const { error } = JSON.parse(ran.stderr);
    expect(error.code).toBe("PUBLISH_FAILED");
    expect(error.message).toMatch(/^version 2 of ci is current, but its servers do not know when the old token ends: /);
    expect(error.hint).toBe(`publish it with: mcp-keys export --keyset --store file:${file} --to '${once}'`);
    expect(await versions()).toEqual(["retiring", "current"]);
    expect(published()).toEqual(["current", "pending"]);
    writeFileSync(join(dir, "switch"), "");
    await cli(["export", "--keyset", "--to", once]);
    expect(published()).toEqual(["retiring", "current"]);
  });

  test.each([
    [["--publish", "/nonexistent/program"], 5, "the shell cannot find the command /nonexistent/program"],
    [["--publish", "if"], 5, "the shell cannot parse the command"],
    [["--publish", " "], 2, "the command of --publish is empty\nhint: for example: --publish ./publish.sh"],
    [["--deploy", ""], 2, "the command of --deploy is empty\nhint: for example: --deploy 'kubectl rollout restart"],
    [["--no-names"], 2, "--no-names has no effect without --publish"],
    [["--base64url"], 2, "--base64url has no effect without --publish"],
    [["--deploy", "/nonexistent/program"], 5, "the shell cannot find the command /nonexistent/program"],
    [["--deploy", "true", "--finish"], 2, "cannot be used"],
  ])("%j changes nothing", async (flags, status, says) => {
    const { rotate, versions } = await withServer();
    const ran = await rotate(...flags);
    expect(ran).toMatchObject({ status, stdout: "" });
    expect(ran.stderr).toContain(says);
    expect(await versions()).toEqual(["current"]);
  });

  test("publishes after --finish and --abort, even if they change nothing", async () => {
    const { cli, publish, published, rotate } = await withServer();
    await rotate("--publish", publish);
    const end = (...flags: string[]) => cli(["rotate", "ci", ...flags, "--publish", publish]);
    await end("--abort", "--force");
    expect(published()).toEqual(["current"]);
    await rotate();
    expect((await end("--finish", "--force")).status).toBe(0);
    expect(published()).toEqual(["current"]);
    await cli("generate other");
    expect((await end("--finish")).stderr).toContain("there was no old version to retire");
    const failed = await cli(["rotate", "ci", "--finish", "--publish", "false", "--json"]);
    expect(failed).toMatchObject({ status: 5, stdout: "" });
    expect(JSON.parse(failed.stderr.split("\n")[1]!).error.code).toBe("PUBLISH_FAILED");
  });

  test("an --abort whose publication failed publishes when it is run again, and undoes nothing more", async () => {
    const { cli, publish, published, rotate, versions } = await withServer();
    for (let i = 0; i < 2; i++) await rotate("--publish", publish);
    const abort = (command: string) => cli(["rotate", "ci", "--abort", "--force", "--publish", command, "--json"]);
    expect((await abort("cat >/dev/null; exit 1")).status).toBe(5);
    expect(published()).toEqual(["retiring", "retiring", "current"]);
    const again = await abort(publish);
    expect(again.status).toBe(0);
    expect(JSON.parse(again.stdout)).toMatchObject({ changed: false });
    expect(again.stderr).toContain("version 2 is current already");
    expect(published()).toEqual(["retiring", "current"]);
    expect(await versions()).toEqual(["retiring", "current", "superseded"]);
    expect((await cli(["rotate", "--all", "--abort", "--publish", `${publish}; exit 1`])).status).toBe(5);
  });

  test("publishes even if --if-older-than finds nothing to do", async () => {
    const { publish, published, rotate } = await withServer();
    await rotate();
    expect(published()).toEqual(["current"]);
    expect((await rotate("--if-older-than", "30d", "--publish", publish)).stderr).toContain("nothing to do");
    expect(published()).toEqual(["retiring", "current"]);
  });

  test("publishes again if the store has changed meanwhile", async () => {
    const { cli, dir, publish, keyset, clock, rotate } = await withServer();
    const later = `${publish}; [ -e ${dir}/done ] || touch ${dir}/started; until [ -e ${dir}/done ]; do sleep 0.02; done`;
    // There is nothing to do, so only this one publication takes place.
    const running = rotate("--publish", later, "--if-older-than", "30d");
    while (!existsSync(join(dir, "started"))) await new Promise((resolve) => setTimeout(resolve, 10));
    await cli("generate other");
    writeFileSync(join(dir, "done"), "");
    expect((await running).status).toBe(0);
    expect(keyset().keys.map(({ name }) => name)).toEqual(["ci", "other"]);
    expect(clock.now).toBe(1_800_000_000);
  });
});

describe("--verify with --publish", () => {
  test("a refused token is not delivered but revoked, and that is published; the next run starts clean", async () => {
    const { dir, publish, published, url, rotate, versions } = await withServer();
    const out = join(dir, "token");
    const refused = await rotate(
      "--publish",
      `cat >${dir}/elsewhere`,
      "--verify",
      url,
      "--to",
      `cat >${out}`,
      "--json",
    );
    expect(refused.status).toBe(4);
    const { error } = JSON.parse(refused.stderr);
    expect(error).toMatchObject({
      code: "TOKEN_REFUSED",
      message: `${url} refuses the new token; the new token was not delivered, and the old one stays current`,
    });
    expect(error.hint).toMatch(/fix it and run the same command again$/);
    expect(existsSync(out)).toBe(false);
    expect(await versions()).toEqual(["current", "undelivered"]);
    expect(JSON.parse(readFileSync(join(dir, "elsewhere"), "utf8")).keys[0].versions).toHaveLength(1);
    expect((await rotate("--publish", publish, "--verify", url, "--to", `cat >${out}`)).status).toBe(0);
    expect(await versions()).toEqual(["retiring", "undelivered", "current"]);
    expect(published()).toEqual(["retiring", "current"]);
  });

  test("an unreachable server ends the run in the same way, with its own status", async () => {
    const { publish, published, rotate, versions } = await withServer();
    const ran = await rotate("--publish", publish, "--verify", "http://127.0.0.1:1/mcp");
    expect(ran).toMatchObject({ status: 7, stdout: "" });
    expect(await versions()).toEqual(["current", "undelivered"]);
    expect(published()).toEqual(["current"]);
  });
});

test("warns if the store changes during every publication, because the last keyset is not the newest then", async () => {
  const { cli, dir, publish, published, rotate } = await withServer();
  const asked = join(dir, "asked");
  const state = { isOver: false };
  const running = rotate("--publish", `${publish}; touch ${asked}; while [ -e ${asked} ]; do sleep 0.02; done`);
  const ran = running.finally(() => (state.isOver = true));
  for (let i = 0; !state.isOver; i++) {
    if (existsSync(asked)) {
      await cli(["update", "ci", "--note", String(i)]);
      rmSync(asked);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  expect(await ran).toMatchObject({
    status: 0,
    stderr: expect.stringContaining("warning: the store changed during every publication"),
  });
  expect(published()).toEqual(["retiring", "current"]);
});

describe("shows the commands without their secrets", () => {
  const secrets = [`ghp_${"a1B2".repeat(9)}`, "s3cret"];
  const curl = (end: string) => `cat >/dev/null; : -H "Authorization: Bearer s3cret" ${secrets[0]!}; ${end}`;

  test.each<[title: string, flags: string[], status: number]>([
    ["in the progress", ["--verbose"], 0],
    ["in the JSON", ["--json"], 0],
    ["in a plan", ["--plan"], 0],
    ["in a plan as JSON", ["--plan", "--json"], 0],
    ["if the deployment fails", ["--deploy", curl("exit 1")], 5],
    ["if the first publication fails", ["--publish", curl("exit 1")], 5],
    ["if the last publication fails", ["--publish", curl("[ ! -e $D/once ]")], 5],
    ["if the delivery fails", ["--to", curl("exit 1"), "--to", curl("exit 1")], 5],
  ])("%s", async (_, flags, status) => {
    const { dir, rotate } = await withServer();
    const given = ["--publish", curl("true"), "--to", curl(`touch ${dir}/once`), "--deploy", curl("true"), ...flags];
    const ran = await rotate(...given.map((word) => word.replace("$D", dir)));
    expect(ran.status).toBe(status);
    const shown = ran.stdout + ran.stderr;
    if (flags.length > 0) expect(shown).toContain("[secret]");
    for (const secret of secrets) expect(shown).not.toContain(secret);
  });
});

describe("progress", () => {
  const steps = (text: string) => [...text.matchAll(/^(?:debug: )?([a-z ]+): (?!store)/gm)].map(([, step]) => step);
  const all = ["stage", "publish", "prove early", "deliver", "deploy", "prove", "promote", "publish"];

  test.each<[title: string, flags: string[], isTerminal: boolean, shown: string[]]>([
    ["one line for each step at a terminal", [], true, all],
    ["nothing with --quiet", ["--quiet"], true, []],
    ["nothing without a terminal", [], false, []],
    ["every step with --verbose", ["--verbose"], false, all],
  ])("%s", async (_, flags, isTerminal, shown) => {
    const { cli, dir, publish, url } = await withServer();
    const given = ["--publish", publish, "--verify", url, "--to", `cat >${dir}/token`, "--deploy", "true", ...flags];
    const ran = await cli(["rotate", "ci", ...given], isTerminal ? { answers: [] } : {});
    expect(ran).toMatchObject({ status: 0, stdout: "" });
    expect(steps(ran.stderr).filter((step) => all.includes(step!))).toEqual(shown);
  });
});

describe("--deploy", () => {
  test("runs each command in order after the delivery, without the token", async () => {
    const { dir, rotate } = await withServer();
    const out = join(dir, "token");
    const look = `readlink /proc/self/fd/0 >>${dir}/log; cat >>${dir}/log; [ -s ${out} ] && env >>${dir}/log`;
    const ran = await rotate("--to", `cat >${out}`, "--deploy", look, "--deploy", `echo second >>${dir}/log`);
    expect(ran).toMatchObject({ status: 0, stdout: "" });
    const log = readFileSync(join(dir, "log"), "utf8");
    expect(log).toMatch(/^\/dev\/null\n(?!second).*\nsecond\n$/s);
    expect(log).not.toContain(readFileSync(out, "utf8"));
  });

  test("fails: both tokens work, and the same command again finishes", async () => {
    const { cli, dir, old, rotate, versions } = await withServer();
    const out = join(dir, "token");
    const failed = await rotate(
      "--to",
      `cat >${out}`,
      "--deploy",
      "exit 3",
      "--deploy",
      `touch ${dir}/second`,
      "--json",
    );
    expect(failed).toMatchObject({ status: 5, stdout: "" });
    expect(JSON.parse(failed.stderr).error).toEqual({
      code: "DEPLOY_FAILED",
      message: "--deploy 'exit 3': the command failed with exit status 3",
      hint: "fix the command of --deploy and run the same command again; both tokens work until it succeeds",
    });
    expect(existsSync(join(dir, "second"))).toBe(false);
    expect(await versions()).toEqual(["current", "pending"]);
    for (const token of [old, readFileSync(out, "utf8")]) expect((await cli("check", { piped: token })).status).toBe(0);
    expect((await rotate("--to", `cat >${out}`, "--deploy", "true")).status).toBe(0);
    expect(await versions()).toEqual(["retiring", "retiring", "current"]);
  });
});
