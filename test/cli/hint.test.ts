import { expect, test } from "vitest";
import { addStore } from "../../src/cli/hint.ts";
import { createCli } from "./fake-world.ts";

test.each([
  ["list the keys with: mcp-keys list", "list the keys with: mcp-keys list --store file:a"],
  ["mcp-keys generate ci --replace, or another name", "mcp-keys generate --store file:a ci --replace, or another name"],
  ["write it again with: mcp-keys export --keyset", "write it again with: mcp-keys export --keyset --store file:a"],
  ["see: mcp-keys rotate --help", "see: mcp-keys rotate --help"],
  ["list them with: mcp-keys test --list", "list them with: mcp-keys test --list"],
  ["mcp-keys verify https://your-server/mcp", "mcp-keys verify https://your-server/mcp"],
  ["mcp-keys revoke ci --store file:b", "mcp-keys revoke ci --store file:b"],
  [
    "publish it with: mcp-keys export --keyset --to 'mcp-keys list; echo '\\''mcp-keys show'\\'' --store x'",
    "publish it with: mcp-keys export --keyset --store file:a --to 'mcp-keys list; echo '\\''mcp-keys show'\\'' --store x'",
  ],
  [
    "the shell's history and the servers' logs: mcp-keys list",
    "the shell's history and the servers' logs: mcp-keys list --store file:a",
  ],
  [
    "scan the readable paths only: mcp-keys scan <path>",
    "scan the readable paths only: mcp-keys scan --store file:a <path>",
  ],
  ["select a writable store: --store file:<path>", "select a writable store: --store file:<path>"],
])("%j becomes %j for a store that --store chose", (hint, expected) => {
  expect(addStore(hint, "file:a")).toBe(expected);
  expect(addStore(hint, undefined)).toBe(hint);
});

test("quotes a store for the shell and leaves out a URL, which may contain a password", () => {
  expect(addStore("mcp-keys list", "file:/my keys/a")).toBe("mcp-keys list --store 'file:/my keys/a'");
  expect(addStore("mcp-keys list", "postgres://ada:pw@host/db")).toBe("mcp-keys list");
});

test("every hint names the store of --store: errors, --json, check, doctor and next", async () => {
  const { cli, dir } = createCli({ answers: [] });
  const store = `file:${dir}/other/keys.jsonl`;
  const flag = ["--store", store];
  const token = (await cli(["generate", "ci", ...flag])).stdout;
  const missing = await cli(["show", "nightly", ...flag]);
  expect(missing.stderr).toBe(
    `error: there is no key "nightly"\nhint: list the keys with: mcp-keys list --store ${store}\n`,
  );
  const asJson = await cli([...flag, "show", "nightly", "--json"]);
  expect(JSON.parse(asJson.stderr)).toMatchObject({
    error: { hint: `list the keys with: mcp-keys list --store ${store}` },
  });
  expect((await cli(["rotate", "ci", ...flag])).stderr).toContain(
    `next: mcp-keys rotate --store ${store} ci --finish\n`,
  );
  await cli(["disable", "ci", ...flag]);
  expect((await cli(["check", ...flag], { piped: token })).stderr).toContain(`mcp-keys enable --store ${store} ci\n`);
  const { stdout } = await cli(["doctor", ...flag], { env: { MCP_API_KEY: token.trim() } });
  expect(stdout).toContain(`fix: mcp-keys enable --store ${store} ci\n`);
});
