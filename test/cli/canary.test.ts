import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { commands } from "../../src/cli/commands/index.ts";
import { allCommands, buildProgram } from "../../src/cli/program.ts";
import { createCli } from "./fake-world.ts";

/**
 * Runs every command with a known token, as text and as JSON, with `--verbose`, successfully and not, and searches all output
 * for the token. It may appear only where `holds` says.
 */
const LINES: readonly { line: string; piped?: boolean; env?: string; holds?: "token" | "digest" }[] = [
  { line: "init $DIR --framework express --name first --client claude-code --plan" },
  { line: "init $DIR --framework express --name first --client claude-code" },
  { line: "init $DIR --framework express --name first --client claude-code --json" },
  { line: "init $DIR --framework express --name second --client none --json" },
  { line: "init $TOKEN --name $TOKEN" },
  { line: "generate new", holds: "token" },
  { line: "generate json --json", holds: "token" },
  { line: "generate out --out $DIR/out.key" },
  { line: "generate out2 --json --out $DIR/out2.key" },
  { line: "generate to --to 'cat >/dev/null'" },
  { line: "generate failing --to 'cat >/dev/null; exit 1'" },
  { line: "generate ci" },
  { line: "import copy", piped: true },
  { line: "import $TOKEN", piped: true },
  { line: "import x --token-env $TOKEN" },
  { line: "import x --token-env MCP_API_KEY --json", env: '"$TOKEN"' },
  { line: "import x --note $TOKEN", piped: true },
  { line: "import --digests $DIR/$TOKEN" },
  { line: "import --digests -", piped: true },
  { line: "list" },
  { line: "list --json" },
  { line: "show ci" },
  { line: "show ci --json" },
  { line: "show $TOKEN" },
  { line: "show $TOKEN --json" },
  { line: "generate $TOKEN" },
  { line: "generate x --scope $TOKEN --note $TOKEN --format $TOKEN" },
  { line: "generate y --expires $TOKEN" },
  { line: "generate z --prefix $TOKEN" },
  { line: "generate z --audience $TOKEN" },
  { line: "list --tag $TOKEN" },
  { line: "list --store $TOKEN" },
  { line: "audit --since $TOKEN" },
  { line: "$TOKEN" },
  { line: "list --$TOKEN" },
  { line: "rotate $TOKEN" },
  { line: "rotate ci --verify http://192.0.2.1/$TOKEN" },
  { line: "rotate ci", holds: "token" },
  { line: "rotate ci --json --overlap 1h", holds: "token" },
  { line: "rotate ci --to 'cat >/dev/null; exit 1'" },
  { line: "rotate ci --publish 'cat >/dev/null; exit 1' --deploy true" },
  { line: "rotate ci --publish 'cat >/dev/null' --deploy 'env >&2; cat >&2; exit 1' --to 'cat >/dev/null'" },
  { line: "rotate ci --publish 'cat >/dev/null' --deploy true --verify http://127.0.0.1:1/mcp --patience 0s" },
  { line: "rotate ci --finish --force --publish 'cat >/dev/null' --json" },
  { line: "rotate ci --plan --publish 'cat >&2' --verify http://127.0.0.1:1/mcp" },
  { line: "rotate ci --plan --json" },
  { line: "rotate --all --plan --to 'cat >&2' --json" },
  { line: "rotate ci --status" },
  { line: "rotate ci --status --json" },
  { line: "rotate --all --status --json" },
  { line: "rotate --all --tag $TOKEN --to cat" },
  { line: "rotate --all --to 'cat >/dev/null; exit 1'" },
  { line: "rotate --all --json --out $DIR/{name}.all.key" },
  { line: "rotate --all --finish --json" },
  { line: "rotate ci --run-id 4711 --to 'cat >/dev/null'" },
  { line: "rotate ci --run-id 4711 --to 'cat >/dev/null' --json" },
  { line: "rotate ci --run-id $TOKEN --to 'cat >/dev/null'" },
  { line: "rotate ci --finish --force" },
  { line: "rotate ci --abort --force --json" },
  { line: "rotate ci --finish --verify http://127.0.0.1:1/mcp --patience 0s", piped: true },
  { line: "rotate ci --finish --verify http://127.0.0.1:1/mcp --old-token-env $TOKEN", piped: true },
  { line: "servers" },
  { line: "servers --json" },
  { line: "verify https://127.0.0.1:1/mcp --at-least $TOKEN", piped: true },
  { line: "generate waited --wait=1s --out $DIR/waited.key --json" },
  { line: "uses" },
  { line: "uses --json" },
  { line: "uses import", piped: true },
  { line: "uses import $TOKEN $DIR/out.key" },
  { line: "uses import $DIR/out.key --json" },
  { line: "uses forget $TOKEN" },
  { line: "uses forget --keyset --json" },
  { line: "check", piped: true },
  { line: "check --json", piped: true },
  { line: "check $TOKEN" },
  { line: "check --audience $TOKEN", piped: true },
  { line: "verify http://127.0.0.1:1/mcp", piped: true },
  { line: "verify http://127.0.0.1:1/mcp --json", piped: true },
  { line: "verify http://192.0.2.1/mcp", piped: true },
  { line: "verify http://127.0.0.1:1/mcp?key=$TOKEN", piped: true },
  { line: "verify $TOKEN", piped: true },
  ...["pretty", "json", "junit", "sarif", "markdown", "html", "badge"].map((name) => ({
    line: `test http://127.0.0.1:1/mcp --report ${name}`,
    piped: true,
  })),
  { line: "test http://127.0.0.1:1/mcp?key=$TOKEN", piped: true },
  { line: "test $TOKEN --json", piped: true },
  { line: "test http://127.0.0.1:1/mcp --only $TOKEN", piped: true },
  { line: "test http://127.0.0.1:1/mcp --header 'X-API-Key: $TOKEN'", piped: true },
  { line: "test http://127.0.0.1:1/mcp --second-key-env $TOKEN", piped: true },
  { line: "test http://127.0.0.1:1/mcp --baseline $TOKEN", piped: true },
  { line: "test http://127.0.0.1:1/mcp --call $TOKEN --rate $TOKEN", piped: true },
  { line: "test --stdio -- $TOKEN", piped: true },
  { line: "test --stdio --env-name $TOKEN -- true", piped: true },
  { line: "test http://127.0.0.1:1/mcp --save json=$DIR/$TOKEN", piped: true },
  { line: "test http://127.0.0.1:1/mcp --save $TOKEN=a --save json=/no/such/file", piped: true },
  { line: "test http://127.0.0.1:1/mcp --save json=$DIR/r.json --save sarif=$DIR/r.sarif --quiet", piped: true },
  { line: "test --list --skip $TOKEN --json" },
  { line: "test --proxy http://127.0.0.1:1/mcp --header X-API-Key -- true {url}", piped: true },
  { line: "test --proxy http://127.0.0.1:1/mcp -- false {url}", piped: true },
  { line: "test --proxy http://127.0.0.1:1/mcp -- no-such-program {url}", piped: true },
  { line: "test --proxy http://127.0.0.1:1/mcp -- true {url}", env: "$TOKEN" },
  { line: "test --proxy http://127.0.0.1:1/mcp -- echo $TOKEN {url}", piped: true },
  { line: "test --proxy http://127.0.0.1:1/$TOKEN", piped: true },
  { line: "test --proxy http://192.0.2.1/mcp", piped: true },
  { line: "test --proxy http://127.0.0.1:1/mcp --json", piped: true },
  { line: "export", piped: true, holds: "token" },
  { line: "export --format $TOKEN", piped: true },
  { line: "export --format shell --env-name $TOKEN-", piped: true },
  { line: "export --json", piped: true },
  { line: "export --keyset", holds: "digest" },
  { line: "export --for claude-code --url https://host.example/mcp", piped: true, env: "$TOKEN" },
  { line: "export --for lm-studio --url https://host.example/mcp --json", piped: true, env: "$TOKEN" },
  { line: "export --for lm-studio --url https://host.example/mcp --install $DIR/lm.json", piped: true, env: "$TOKEN" },
  { line: "export --for lm-studio --url https://host.example/mcp --install $DIR/lm.json --json", piped: true },
  { line: "export --for lm-studio --url https://other.example/mcp --install $DIR/lm.json", piped: true },
  { line: "export --for lm-studio --url https://host.example/$TOKEN --install $DIR/lm.json", piped: true },
  { line: "export --for $TOKEN --url https://host.example/mcp", piped: true },
  { line: "export --for cursor --url https://host.example/mcp --server-name $TOKEN --scope $TOKEN", piped: true },
  { line: "audit" },
  { line: "audit --json" },
  { line: "audit --verify" },
  { line: "store" },
  { line: "store --json" },
  { line: "store --store $TOKEN" },
  { line: "store --store postgres://x:$TOKEN@host" },
  { line: "store migrate --from file:$DIR/store/keys.jsonl --to file:$DIR/moved/keys.jsonl --dry-run" },
  { line: "store migrate --from file:$DIR/store/keys.jsonl --to file:$DIR/moved/keys.jsonl" },
  {
    line: "store migrate --from file:$DIR/moved/keys.jsonl --to file:$DIR/again/keys.jsonl --delete-source --yes --json",
  },
  { line: "store migrate --from file:$DIR/again/keys.jsonl --to $TOKEN" },
  { line: "store schema --schema $TOKEN" },
  { line: "store schema --store postgres://x:$TOKEN@host/db" },
  { line: "store schema --json" },
  { line: "store adopt --yes --json" },
  { line: "store adopt --store $TOKEN" },
  { line: "doctor" },
  { line: "doctor --store postgres://x:$TOKEN@host/db" },
  { line: "doctor --json", env: "$TOKEN" },
  { line: "doctor", env: '"$TOKEN"' },
  { line: "doctor --json", env: "Bearer $TOKEN\n" },
  { line: "doctor --store $TOKEN", env: "$TOKEN " },
  { line: "doctor --store env: --json", env: "$TOKENx" },
  { line: "generate leaked --out $DIR/leaked.key" },
  { line: "export --for gitleaks --prefix $TOKEN" },
  { line: "scan $DIR" },
  { line: "scan $DIR --json" },
  { line: "scan $DIR --ignore $TOKEN" },
  { line: "scan $TOKEN" },
  { line: "completion zsh" },
  { line: "completion bash --complete", piped: true },
  { line: "completion $TOKEN" },
  { line: "update ci --add-scope a --note nightly --tag env=dev --expires 30d" },
  { line: "update ci --add-scope b --json" },
  { line: "update ci --note $TOKEN --name $TOKEN" },
  { line: "update $TOKEN --no-scopes" },
  { line: "disable ci" },
  { line: "enable ci --json" },
  { line: "revoke --token", piped: true },
  { line: "revoke --token --token-env MCP_API_KEY --yes", env: "$TOKENx" },
  { line: "revoke --token --token-env $TOKEN --yes" },
  { line: "revoke --token $TOKEN --yes", piped: true },
  { line: "revoke --token --yes --json", piped: true },
  { line: "revoke ci --version 1 --yes" },
  { line: "revoke ci --yes --json" },
  { line: "check", piped: true },
];

test("no command prints a token or a digest outside its result", async () => {
  const { cli, dir, file } = createCli();
  const token = (await cli("generate ci")).stdout.trim();
  const tokens = new Set([token]);
  for (const { line, piped = false, env, holds } of LINES) {
    const words = line.replaceAll("$TOKEN", token).replaceAll("$DIR", dir);
    const value = env?.replaceAll("$TOKEN", token) ?? "";
    const variables = { MCP_API_KEY: value, MCP_API_KEYS: value, MCP_API_KEYSET: value };
    const { stdout, stderr } = await cli(`${words} --verbose`, {
      ...(piped && { piped: token }),
      ...(env !== undefined && {
        env: { ...variables, MCP_KEYS_STORE: line.includes("--store") ? value : `file:${file}` },
      }),
    });
    for (const each of stdout.match(/mcp_\w{62}/g) ?? []) tokens.add(each);
    const where = { line, stdout: holds === undefined ? stdout : "", stderr };
    const secrets = [...tokens].map((each) => each.slice(17, 50));
    expect(
      secrets.filter((secret) => JSON.stringify(where).includes(secret)),
      line,
    ).toEqual([]);
    expect(JSON.stringify(holds === "digest" ? { ...where, stdout: "" } : { line, stdout, stderr }), line).not.toMatch(
      /[0-9a-f]{64}/,
    );
    if (holds === "token") expect(stdout, line).toContain("mcp_");
  }
  const kept = readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith(".key"))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"));
  expect(kept.length).toBeGreaterThan(0);
  expect(readFileSync(file, "utf8")).toContain("sha256:");
  for (const each of tokens) expect(kept.join("\n")).not.toContain(each.slice(17, 50));
  expect(LINES.map(({ line }) => line.split(" ")[0])).toEqual(expect.arrayContaining(Object.keys(commands)));
}, 60_000);

test("import prints and stores no token in another format, as text and as JSON, whether it succeeds or not", async () => {
  for (const token of [randomBytes(24).toString("base64url"), randomBytes(32).toString("hex"), "changeme123"]) {
    const { cli, dir, file } = createCli();
    const env = { OLD: token };
    const bad = join(dir, "bad.jsonl");
    writeFileSync(bad, `{"name":"a","sha256":"${token}?"}\n`);
    const lines = [
      "import old --token-env OLD",
      "import old --token-env OLD --allow-weak --json",
      "import again --token-env OLD --allow-weak",
      `import --digests ${bad}`,
      "list",
      "show old --json",
      "doctor",
      "audit",
      "revoke --token --token-env OLD --yes --json",
      "revoke --token --token-env OLD --yes",
      "import again --token-env OLD --allow-weak --json",
    ];
    for (const line of lines) {
      const ran = await cli(`${line} --verbose`, { env });
      expect(JSON.stringify({ line, ...ran })).not.toContain(token);
    }
    expect(readFileSync(file, "utf8")).not.toContain(token);
    expect(readFileSync(file, "utf8")).toContain("sha256:");
  }
});

const program = await buildProgram(() => {
  throw new Error("no command runs here");
});

/** Every place of a value on the command line: the arguments and flags of each command, and the flags of all. */
const PLACES = allCommands(program).flatMap((command) => {
  const path =
    command === program ? [] : [...(command.parent === program ? [] : [command.parent!.name()]), command.name()];
  const given = command.registeredArguments.filter(({ required }) => required).map(() => "ci");
  const flags = command.options.filter(({ required, optional }) => required || optional).map(({ long }) => long!);
  return [
    [...path, "$PASTED"],
    [...path, ...given, "$PASTED"],
    ...flags.map((flag) => [...path, ...given, flag, "$PASTED"]),
  ];
});

const FORMS: readonly (readonly [name: string, paste: (token: string) => string])[] = [
  ["whole", (token) => token],
  ["mistyped", (token) => token.replace(/.$/, (last) => (last === "x" ? "y" : "x"))],
  ["cut short", (token) => token.slice(0, -9)],
  ["in a text", (token) => `my key is ${token}, keep it safe`],
  ["in a tag", (token) => `team=${token}`],
  ["in the query of a URL", (token) => `https://host.example/mcp?key=${token}`],
  ["in the path of a URL", (token) => `https://host.example/${token}/mcp`],
  ["in the userinfo of a URL", (token) => `postgres://ada:${token}@host/db`],
  ["in a header", (token) => `X-API-Key: ${token}`],
  ["in a path", (token) => `file:/tmp/${token}/keys.jsonl`],
];

describe("a pasted token", () => {
  test.each(FORMS)("%s is refused in every place, not repeated and not stored", async (_, paste) => {
    const { cli, file } = createCli();
    const token = (await cli("generate ci")).stdout.trim();
    const before = readFileSync(file, "utf8");
    expect(PLACES.length).toBeGreaterThan(80);
    for (const words of PLACES) {
      const line = words.map((word) => word.replace("$PASTED", paste(token)));
      const joined =
        line.at(-2)?.startsWith("--") === true ? [...line.slice(0, -2), `${line.at(-2)!}=${line.at(-1)!}`] : line;
      for (const each of [line, [...line, "--json", "--verbose"], joined]) {
        const ran = await cli(each, { piped: token });
        expect({ words, status: ran.status, stdout: ran.stdout }).toEqual({ words, status: 2, stdout: "" });
        expect(ran.stderr).toMatch(/contains a token.*(it is now in the shell's history|TOKEN_MISPLACED)/s);
        expect(ran.stderr).not.toContain(token.slice(17, 40));
      }
    }
    expect(readFileSync(file, "utf8")).toBe(before);
  });

  test("names the flag and the key to rotate", async () => {
    const { cli } = createCli();
    const token = (await cli("generate ci")).stdout.trim();
    const hint = `it is now in the shell's history and was in the process list; replace it with: mcp-keys rotate ${token.slice(4, 16)}; then pipe the new one in or set MCP_API_KEY`;
    expect((await cli(["check", token])).stderr).toBe(`error: an argument contains a token\nhint: ${hint}\n`);
    expect((await cli(["generate", "x", "--note", token])).stderr).toBe(
      `error: --note contains a token\nhint: ${hint}\n`,
    );
    expect((await cli(["generate", `--tag=a=${token}`])).stderr).toContain("error: --tag contains a token");
    expect((await cli([`--${token}`])).stderr).toContain("error: an argument contains a token");
    expect((await cli(["check", token.slice(0, -3)])).stderr).toContain("mcp-keys rotate <key>;");
  });

  test("is refused in MCP_KEYS_STORE", async () => {
    const { cli } = createCli();
    const token = (await cli("generate ci")).stdout.trim();
    for (const store of [token, `file:/srv/${token}`, `postgres://ada:${token}@host/db`]) {
      const ran = await cli("list", { env: { MCP_KEYS_STORE: store } });
      expect(ran.stderr).toMatch(/^error: MCP_KEYS_STORE contains a token\nhint: set it to a store/);
      expect(ran.stderr).not.toContain(token.slice(17));
    }
  });

  test("is refused by a prompt for something else, which asks again", async () => {
    const { cli, file } = createCli();
    const token = (await cli("generate ci")).stdout.trim();
    const answers = [token, "new", token, "30d", token, "a"];
    const ran = await cli("generate", { answers });
    expect(ran.status).toBe(0);
    expect(ran.stderr).not.toContain(token.slice(17));
    expect((await cli("revoke new", { answers: [token, "new"] })).status).toBe(0);
    expect(readFileSync(file, "utf8")).not.toContain(token.slice(17));
  });

  test.each([
    ["of GitHub", `ghp_${"aB3".repeat(12)}`],
    ["of OpenAI", `sk-proj-${"aB3".repeat(12)}`],
    ["in hexadecimal", randomBytes(32).toString("hex")],
    ["in base64", `${randomBytes(32).toString("base64").slice(1, -1).replaceAll("/", "+")}=`],
    ["in base64url", randomBytes(32).toString("base64url")],
    ["a JSON Web Token", `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.${"aB3".repeat(14)}`],
  ])(
    "%s is not repeated in an error",
    async (_, foreign) => {
      const { cli } = createCli();
      await cli("generate ci");
      // These name a file, a command or a label that the user chose.
      const named = ["--out", "--to", "--archive", "--server-name"];
      for (const words of PLACES.filter((place) => !named.includes(place.at(-2)!))) {
        const ran = await cli(
          words.map((word) => word.replace("$PASTED", foreign)),
          { piped: "x" },
        );
        const where = { words, stderr: ran.stderr };
        expect({ ...where, shown: ran.status !== 0 && ran.stderr.includes(foreign) }).toEqual({
          ...where,
          shown: false,
        });
      }
    },
    20_000,
  );

  test("of another service is not stored", async () => {
    const { cli } = createCli();
    const foreign = `ghp_${"aB3".repeat(12)}`;
    const lines = [
      ["generate", foreign],
      ...["--note", "--owner", "--scope"].map((flag) => ["generate", "ci", flag, foreign]),
      ["generate", "ci", "--tag", `a=${foreign}`],
      ["generate", "ci", "--audience", `https://host.example/${foreign}`],
    ];
    for (const line of lines) {
      const ran = await cli([...line, "--json"]);
      expect(JSON.parse(ran.stderr)).toMatchObject({ error: { code: "TOKEN_MISPLACED" } });
      expect(ran.stderr).not.toContain(foreign);
    }
    expect((await cli("list")).stdout).toBe("");
  });
});
