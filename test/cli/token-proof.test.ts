import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseKeyHeader } from "../../src/probe/mcp/key-header.ts";
import { startServer, type Mistake } from "../probe/servers/configurable-server.ts";
import { readingFrom } from "../probe/servers/other-header.ts";
import { during } from "../probe/verify/verifying.ts";
import { createCli } from "./fake-world.ts";

/** A key, and servers that hold its token themselves: in a file that `--to` replaces. */
async function withServers() {
  const { cli, dir } = createCli();
  const old = (await cli("generate ci --expires never")).stdout.trim();
  const file = join(dir, "server.key");
  writeFileSync(file, old);
  const current = () => readFileSync(file, "utf8");
  /** Starts a server that accepts what is in the file, and by default the old token too. */
  const start = async (mistake: Mistake = {}): Promise<string> => {
    const server = startServer([], { knows: (token) => [old, current()].includes(token), ...mistake });
    return (await during(server)).url;
  };
  const rotate = (flags: string[], env: Record<string, string> = {}) =>
    cli(["rotate", "ci", "--to", `cat >${file}`, "--patience", "0s", ...flags], { env });
  const states = async (): Promise<string[]> =>
    JSON.parse((await cli("show ci --json")).stdout).key.versions.map(({ state }: { state: string }) => state);
  return { cli, dir, old, current, start, rotate, states };
}

/** A server that knows only the old token, as if the new one never arrived. */
const forgetful = (old: string): Mistake => ({ knows: (token) => token === old });

describe("several servers", () => {
  test("must all accept the new token", async () => {
    const { start, rotate, states } = await withServers();
    const urls = [await start(), await start(), await start({ eras: "legacy", stateful: true })];
    const ran = await rotate(["--verify", urls[0]!, "--verify", `${urls[1]!},${urls[2]!}`]);
    expect(ran).toMatchObject({ status: 0 });
    expect(await states()).toEqual(["retiring", "current"]);
  });

  test("the error names each one that did not; the same command finishes the rotation later", async () => {
    const { old, start, rotate, states } = await withServers();
    let arrived = false;
    const good = await start();
    const late = await start({ knows: (token) => token === old || arrived });
    const gone = "http://127.0.0.1:1/mcp";
    const refused = await rotate(["--verify", good, "--verify", late, "--verify", gone, "--json"]);
    expect(refused.status).toBe(4);
    const { error } = JSON.parse(refused.stderr);
    expect(error.code).toBe("TOKEN_REFUSED");
    expect(error.message).toBe(
      `2 of 3 servers: ${late} refuses the new token; ${gone} did not answer; the old token stays current`,
    );
    expect(error.hint).toContain("--abort");
    expect(await states()).toEqual(["current", "pending"]);
    arrived = true;
    // Now it also accepts bogus tokens.
    expect((await rotate(["--verify", late])).stderr).toContain(`${late} accepts any token, which proves nothing`);
    expect((await rotate(["--verify", good])).status).toBe(0);
    expect((await states()).at(-1)).toBe("current");
  });

  test("are tried again until --patience runs out, each only until it accepts", async () => {
    const { current, old, start, rotate } = await withServers();
    const since = Date.now();
    const slow = await start({ knows: (token) => token === old || (token === current() && Date.now() - since > 900) });
    let answers = 0;
    const quick = await start({
      knows: (token) => {
        answers++;
        return token === current();
      },
    });
    expect((await rotate(["--patience", "30s", "--verify", slow, "--verify", quick])).status).toBe(0);
    const once = answers;
    expect((await rotate(["--verify", quick])).status).toBe(0);
    expect(answers - once).toBe(once);
  });

  test("a URL may contain a comma", async () => {
    const { start, rotate } = await withServers();
    expect((await rotate(["--verify", `${await start()}?a=1,2`])).status).toBe(0);
  });

  test("messages leave out the query", async () => {
    const { old, start, rotate } = await withServers();
    const url = await start(forgetful(old));
    const { stderr } = await rotate(["--verify", `${url}?tenant=s3cr3t`, "--verbose"]);
    expect(stderr).toContain(`debug: ${url}: refused\n`);
    expect(stderr).toContain(`${url} refuses the new token`);
    expect(stderr).not.toContain("s3cr3t");
  });
});

describe("--verify-all", () => {
  test("reads one URL a line, next to --verify", async () => {
    const { dir, old, start, rotate } = await withServers();
    const list = join(dir, "servers.txt");
    const [good, bad] = [await start(), await start(forgetful(old))];
    writeFileSync(list, `\uFEFF# production\r\n\r\n${good}  # the first\r\n`);
    expect((await rotate(["--verify-all", list])).status).toBe(0);
    writeFileSync(list, `${good}\n${bad}\n${good}\n`);
    const refused = await rotate(["--verify-all", list, "--verify", good]);
    expect(refused.status).toBe(4);
    expect(refused.stderr).toContain(`1 of 2 servers: ${bad} refuses the new token`);
  });

  test.each([
    ["a line that is no URL", "# prod\nhttps://a.example/mcp\nb.example/mcp\n", "line 3 of --verify-all: that is not"],
    ["two words", "\nhttps://a.example/mcp https://b.example/mcp", "line 2 of --verify-all: more than one word"],
    ["plain http", "https://a.example/mcp\nhttp://192.0.2.1/mcp", "line 2 of --verify-all: the new token is not sent"],
    ["a password", "https://ada:s3cr3t@a.example/mcp", "line 1 of --verify-all: the URL contains a user name"],
    ["a key", "https://a.example/mcp?api_key=s3cr3t", "line 1 of --verify-all: the URL contains a key"],
    ["only comments", "# none\n\n", "contains no URL"],
  ])("%s is reported before anything is staged", async (_, text, says) => {
    const { dir, rotate, states } = await withServers();
    writeFileSync(join(dir, "servers.txt"), text);
    const ran = await rotate(["--verify-all", join(dir, "servers.txt")]);
    expect(ran).toMatchObject({ status: 2, stdout: "" });
    expect(ran.stderr).toContain(says);
    expect(ran.stderr).not.toContain("s3cr3t");
    expect(await states()).toEqual(["current"]);
  });

  test("a file that cannot be read is reported before anything is staged", async () => {
    const { rotate, states } = await withServers();
    expect((await rotate(["--verify-all", "/nonexistent"])).stderr).toContain("cannot read the file of --verify-all");
    expect(await states()).toEqual(["current"]);
  });
});

describe("--old-token-env", () => {
  test("lets the rotation end if each server accepts both tokens", async () => {
    const { old, start, rotate, states } = await withServers();
    const flags = ["--verify", await start(), "--verify", await start(), "--old-token-env", "OLD"];
    expect((await rotate(flags, { OLD: old })).status).toBe(0);
    expect(await states()).toEqual(["retiring", "current"]);
  });

  test("stops before any version is retired if a server no longer accepts the old token", async () => {
    const { old, current, start, rotate, states } = await withServers();
    const [both, single] = [await start(), await start({ knows: (token) => token === current() })];
    const flags = ["--verify", both, "--verify", single];
    const refused = await rotate([...flags, "--old-token-env", "OLD", "--json"], { OLD: old });
    expect(refused.status).toBe(4);
    const { error } = JSON.parse(refused.stderr);
    expect(error).toMatchObject({
      code: "TOKEN_REFUSED",
      message: `1 of 2 servers: ${single} refuses the old token; no version was retired and the old one stays current`,
      hint: expect.stringMatching(/^let each server accept both tokens, because .* locked out/),
    });
    expect(refused.stderr).not.toContain(old);
    expect(await states()).toEqual(["current", "pending"]);
    expect((await rotate(flags)).status).toBe(0);
  });

  test.each([
    ["a variable that is not set", {}, 2, "OLD is not set"],
    ["a token of another key", "other", 4, "the token in OLD is not a valid token of ci"],
    ["a token in quotes", { OLD: '"x"' }, 2, "the token in OLD"],
  ])("%s is reported before anything is staged", async (_, given, status, says) => {
    const { cli, start, rotate, states } = await withServers();
    const env = given === "other" ? { OLD: (await cli("generate other")).stdout.trim() } : (given as { OLD?: string });
    const ran = await rotate(["--verify", await start(), "--old-token-env", "OLD"], env);
    expect(ran).toMatchObject({ status, stdout: "" });
    expect(ran.stderr).toContain(says);
    expect(await states()).toEqual(["current"]);
  });
});

describe("--header", () => {
  test.each(["X-API-Key", "X-Proxy-Auth: Bearer", "Authorization:"])(
    "%s carries the tokens of verify and of rotate --verify",
    async (text) => {
      const { cli, old, current, start, rotate } = await withServers();
      const url = await start(readingFrom(parseKeyHeader(text)));
      expect(await cli(["verify", url, "--header", text], { piped: old })).toMatchObject({ status: 0 });
      expect(await cli(["verify", url], { piped: old })).toMatchObject({ status: 4 });
      expect((await rotate(["--verify", url])).status).toBe(4);
      const flags = ["--verify", url, "--header", text, "--old-token-env", "OLD"];
      expect(await rotate(flags, { OLD: old })).toMatchObject({ status: 0 });
      expect(await cli(["verify", url, "--header", text], { piped: current() })).toMatchObject({ status: 0 });
    },
  );

  test.each(["verify URL", "rotate ci --verify URL", "test URL"])("a token in it is refused by %s", async (line) => {
    const { cli } = createCli();
    const token = (await cli("generate ci")).stdout.trim();
    for (const secret of [token, `ghp_${"aB3".repeat(12)}`, "hunter hunter"]) {
      const words = [...line.replace("URL", "http://127.0.0.1:1/mcp").split(" "), "--header", `X-Auth: ${secret}`];
      const ran = await cli([...words, "--json"], { piped: token });
      expect(ran.status).toBe(2);
      expect(JSON.parse(ran.stderr).error.code).toBe("TOKEN_MISPLACED");
      expect(ran.stderr).not.toContain(secret);
    }
  });
});
