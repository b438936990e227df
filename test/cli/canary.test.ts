import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { commands } from "../../src/cli/commands/index.ts";
import { createCli } from "./fake-world.ts";

/**
 * Runs every command with a known token, as text and as JSON, with `--verbose`, successfully and not, and searches all output
 * for the token. It may appear only where `holds` says.
 */
const LINES: readonly { line: string; piped?: boolean; env?: string; holds?: "token" | "digest" }[] = [
  { line: "generate new", holds: "token" },
  { line: "generate json --json", holds: "token" },
  { line: "generate out --out $DIR/out.key" },
  { line: "generate out2 --json --out $DIR/out2.key" },
  { line: "generate to --to 'cat >/dev/null'" },
  { line: "generate failing --to 'cat >/dev/null; exit 1'" },
  { line: "generate ci" },
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
  { line: "rotate ci --finish --force" },
  { line: "rotate ci --abort --force --json" },
  { line: "check", piped: true },
  { line: "check --json", piped: true },
  { line: "check $TOKEN" },
  { line: "check --audience $TOKEN", piped: true },
  { line: "verify http://127.0.0.1:1/mcp", piped: true },
  { line: "verify http://127.0.0.1:1/mcp --json", piped: true },
  { line: "verify http://192.0.2.1/mcp", piped: true },
  { line: "verify http://127.0.0.1:1/mcp?key=$TOKEN", piped: true },
  { line: "verify $TOKEN", piped: true },
  ...["pretty", "json", "junit", "sarif", "markdown"].map((name) => ({
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
  { line: "test --list --skip $TOKEN --json" },
  { line: "export", piped: true, holds: "token" },
  { line: "export --format $TOKEN", piped: true },
  { line: "export --format shell --env-name $TOKEN-", piped: true },
  { line: "export --json", piped: true },
  { line: "export --keyset", holds: "digest" },
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
  { line: "doctor" },
  { line: "doctor --json", env: "$TOKEN" },
  { line: "doctor", env: '"$TOKEN"' },
  { line: "doctor --json", env: "Bearer $TOKEN\n" },
  { line: "doctor --store $TOKEN", env: "$TOKEN " },
  { line: "doctor --store env: --json", env: "$TOKENx" },
  { line: "disable ci" },
  { line: "enable ci --json" },
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
