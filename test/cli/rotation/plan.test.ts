import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { digestToken } from "../../../src/core/digest.ts";
import { startServer } from "../../probe/servers/configurable-server.ts";
import { during } from "../../probe/verify/verifying.ts";
import { createCli, splitWords, type FakeOptions } from "../fake-world.ts";

/** The key ci, whose first version is in its overlap, and a server that reads the keyset at `keyset`. */
async function withKey() {
  const made = createCli();
  const { cli, dir } = made;
  await cli("generate ci --expires never");
  const old = (await cli("rotate ci --overlap 2h")).stdout.trim();
  const out = join(dir, "out");
  mkdirSync(out);
  const keyset = join(out, "keyset.json");
  const publish = `cat >'${keyset}'`;
  await cli(["export", "--keyset", "--to", publish]);
  const knows = (token: string): boolean => readFileSync(keyset, "utf8").includes(digestToken(token));
  const { url } = await during(startServer([], { knows }));
  /** The name, time and content of every file. */
  const files = () =>
    readdirSync(dir, { recursive: true, encoding: "utf8" })
      .sort()
      .map((name) => join(dir, name))
      .map((path) => ({ path, found: statSync(path) }))
      .map(({ path, found }) => [path, found.mtimeMs, found.isFile() ? readFileSync(path, "utf8") : ""]);
  const plan = async (words: readonly string[], options: FakeOptions = {}) => {
    const ran = await cli(["rotate", ...words, "--plan", "--json"], options);
    return { ...ran, steps: (JSON.parse(ran.stdout || "{}") as { steps?: string[] }).steps };
  };
  return { ...made, old, out, keyset, publish, url, files, plan };
}

/** The steps that a run has reported. */
const taken = (stderr: string) => [...stderr.matchAll(/^debug: ([a-z ]+: .*)$/gm)].map(([, step]) => step!);
const STEP = /^(stage|publish|prove early|deliver|deploy|prove|promote):/;

describe("rotate --plan", () => {
  test("prints each step and what it does, in order, and changes nothing", async () => {
    const { cli, out, publish, url, files, plan } = await withKey();
    const flags = ["ci", "--publish", publish, "--verify", `${url}?tenant=hidden`, "--patience", "0s"];
    const more = ["--out", join(out, "ci.key"), "--to", "cat >/dev/null", "--deploy", `touch '${out}/deployed'`];
    const before = files();
    const { status, stderr, stdout, steps } = await plan([...flags, ...more]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(Object.keys(JSON.parse(stdout))).toEqual(["schemaVersion", "key", "steps"]);
    expect(steps).toEqual([
      "stage: version 3 of ci",
      `publish: a keyset to '${publish.replaceAll("'", String.raw`'\''`)}'`,
      `prove early: the new token works at ${url}, before anyone has it`,
      `deliver: the token to file:${out}/ci.key and command:cat >/dev/null`,
      `deploy: with '${`touch '${out}/deployed'`.replaceAll("'", String.raw`'\''`)}'`,
      `prove: the new token works at ${url}`,
      "promote: version 3 becomes current; version 1 works until about 2027-01-15T10:00:00Z; version 2 works until about 2027-01-16T08:00:00Z",
      `publish: a keyset to '${publish.replaceAll("'", String.raw`'\''`)}'`,
    ]);
    const text = await cli(["rotate", ...flags, ...more, "--plan"]);
    expect(text.stdout).toMatch(/^ci \(\w{12}\)\n1\. stage: version 3 of ci\n2\. publish: .*\n(\d\. .*\n){6}$/);
    expect(text.stderr).toBe("nothing was changed\n");
    expect(files()).toEqual(before);
  });

  test.each([
    "",
    "--out $OUT/key",
    "--out $OUT/{name}.env --format dotenv --merge --overlap 0s",
    "--to 'cat >/dev/null' --deploy true --deploy true",
    "--to 'cat >/dev/null' --publish $PUBLISH",
    "--to 'cat >/dev/null' --publish $PUBLISH --verify $URL --old-token-env OLD --deploy true",
    "--to 'cat >/dev/null' --deploy $COPY --verify $URL",
    "--if-older-than 1h --publish $PUBLISH --to 'cat >/dev/null'",
    "--if-older-than 1h --to 'cat >/dev/null'",
  ])("is what `rotate ci %s` does", async (flags) => {
    const { cli, old, out, publish, url, plan, file } = await withKey();
    // Stands for a server that learns about tokens by itself.
    const copy = `cat '${file}' >'${out}/keyset.json'`;
    const values: Record<string, string> = { $OUT: out, $COPY: copy, $PUBLISH: publish, $URL: url };
    const line = ["ci", ...splitWords(flags)].map((word) => word.replace(/\$[A-Z]+/, (name) => values[name] ?? name));
    const env = { OLD: old };
    const planned = await plan(line, { env });
    expect(planned.status).toBe(0);
    const ran = await cli(["rotate", ...line, "--verbose"], { env });
    expect(ran.status).toBe(0);
    expect(taken(ran.stderr).filter((step) => STEP.test(step))).toEqual(planned.steps);
    expect(planned.steps!.every((step) => STEP.test(step))).toBe(true);
  });

  test("has no steps if there is nothing to do, and says why", async () => {
    const { plan, cli } = await withKey();
    const idle = await plan(["ci", "--if-older-than", "30d"]);
    expect(idle).toMatchObject({ status: 0, steps: [] });
    expect(idle.stderr).toMatch(/^nothing to do: version 2 of ci .* is younger than 30d\n$/);
    expect((await cli("rotate ci --if-older-than 30d --plan")).stdout).toMatch(/^ci \(\w{12}\)\n$/);
  });

  test.each([
    ["rotate gone", 3],
    ["rotate revoked", 5],
    ["rotate ci --verify nonsense", 2],
    ["rotate ci --verify http://192.0.2.1/mcp", 2],
    ["rotate ci --verify-all $OUT/none", 2],
    ["rotate ci --to /nonexistent/program", 5],
    ["rotate ci --to 'if'", 5],
    ["rotate ci --publish /nonexistent/program --to cat", 5],
    ["rotate ci --deploy /nonexistent/program --to cat", 5],
    ["rotate ci --sign-with $OUT/none --publish cat --to cat", 2],
    ["rotate ci --out $OUT/none/key", 5],
    ["rotate ci --out $OUT/keyset.json", 5],
    ["rotate ci --out $OUT/keyset.json/key", 5],
    ["rotate ci --out $OUT/link", 5],
    ["rotate ci --out $OUT/link --format dotenv --merge", 5],
    ["rotate ci --out $OUT/none/.env --format dotenv --merge", 5],
    ["rotate ci --out $OUT", 5],
    ["rotate ci --expires yesterday", 2],
    ["rotate ci --expires 2020-01-01", 2],
    ["rotate ci --format shell --json", 2],
    ["rotate ci --store env:", 3],
    ["rotate ci --store keyset:$OUT/keyset.json", 5],
    ["rotate ci --old-token-env NONE --verify http://127.0.0.1:1/mcp", 2],
    ["rotate --all --tag a=none --to cat", 3],
    ["rotate --all", 2],
  ])("%s fails as the run does", async (line, status) => {
    const { cli, out, files } = await withKey();
    await cli("generate revoked");
    await cli("revoke revoked --yes");
    symlinkSync(join(out, "keyset.json"), join(out, "link"));
    const words = line.replaceAll("$OUT", out);
    const before = files();
    const planned = await cli(`${words} --plan`);
    expect(files()).toEqual(before);
    expect(planned).toMatchObject({ status, stdout: "" });
    expect(await cli(words)).toEqual(planned);
  });

  test.each([2, 400])("reports a clock that is %i days behind, as the run does", async (days) => {
    const { cli, clock } = await withKey();
    clock.now -= days * 86_400;
    const planned = await cli("rotate ci --plan");
    expect(planned.status).toBe(5);
    expect(await cli("rotate ci")).toEqual(planned);
  });

  test("opens no pipe, because its reader would take that for the end of the input", async () => {
    const { cli, out, plan } = await withKey();
    spawnSync("mkfifo", [join(out, "pipe")]);
    // Opening it without a reader would fail.
    expect((await plan(["ci", "--out", join(out, "pipe")])).status).toBe(0);
    expect((await cli(["rotate", "ci", "--out", join(out, "pipe")])).status).toBe(5);
  });

  test("warns about a file that others can read, as the run does", async () => {
    const { out, plan } = await withKey();
    writeFileSync(join(out, ".env"), "A=1\n", { mode: 0o644 });
    const { stderr } = await plan(["ci", "--out", join(out, ".env"), "--format", "dotenv", "--merge"]);
    expect(stderr).toContain("warning: other users can read");
    expect(readFileSync(join(out, ".env"), "utf8")).toBe("A=1\n");
  });

  test("--all has the plan of each key", async () => {
    const { cli, out, files } = await withKey();
    await cli("generate web");
    const before = files();
    const line = ["rotate", "--all", "--plan", "--out", `${out}/{name}.key`];
    const { results } = JSON.parse((await cli([...line, "--json"])).stdout);
    expect(results).toMatchObject(
      ["ci", "web"].map((name) => ({
        key: { name },
        steps: [/^stage/, `deliver: the token to file:${out}/${name}.key`, /^promote/].map((step) =>
          typeof step === "string" ? step : expect.stringMatching(step),
        ),
      })),
    );
    expect((await cli(line)).stdout).toMatch(/^ci \(\w+\)\n(\d.*\n){3}\nweb \(\w+\)\n(\d.*\n){3}$/);
    expect(files()).toEqual(before);
  });

  test.each(["--finish", "--abort", "--status"])("is refused with %s", async (flag) => {
    const { cli } = await withKey();
    expect((await cli(`rotate ci --plan ${flag}`)).status).toBe(2);
  });
});
