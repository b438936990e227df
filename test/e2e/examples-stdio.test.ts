import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { EXAMPLES } from "./example.ts";
import { createProcesses, runProcess } from "./process.ts";

const MODULES = fileURLToPath(new URL("../../node_modules", import.meta.url));

/** A server that does not check any key. */
const OPEN_SERVER = `
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
await new McpServer({ name: "open", version: "1.0.0" }).connect(new StdioServerTransport());
`;

test("stdio: the server starts with the client's key, also a rotated one, and with no other", async () => {
  const { mcpKeys, env, dir } = createProcesses();
  const { stdout: token } = await mcpKeys(["generate", "ci"]);
  const check = (key: string, ...server: string[]) =>
    runProcess(process.execPath, [`${EXAMPLES}stdio/client.js`, ...server], {
      env: { ...env, MCP_API_KEY: key.trim() },
    });

  const open = join(dir, "open");
  await mkdir(open);
  await symlink(MODULES, join(open, "node_modules"));
  await writeFile(join(open, "server.mjs"), OPEN_SERVER);
  const [right, unguarded] = await Promise.all([check(token), check(token, join(open, "server.mjs"))]);
  expect(right).toMatchObject({ status: 0, stdout: "accepted as ci\n", stderr: "" });
  expect(unguarded).toMatchObject({ status: 1, stderr: expect.stringContaining("it starts without a key") });

  const { stdout: rotated } = await mcpKeys(["rotate", "ci"]);
  expect(await check(rotated)).toMatchObject({ status: 0, stdout: "accepted as ci\n" });
  expect(await mcpKeys(["revoke", "ci", "--yes"])).toMatchObject({ status: 0 });
  expect(await check(rotated)).toMatchObject({ status: 1, stderr: expect.stringContaining("is refused: revoked") });
});
