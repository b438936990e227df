import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { startSdkServer } from "../servers/sdk.ts";
import { createProcesses, runProcess } from "./process.ts";
import { startServerProcess } from "./server-process.ts";

const EXAMPLES = fileURLToPath(new URL("../../examples/", import.meta.url));

test.each(readdirSync(EXAMPLES))(
  "%s: the client proves that the server lets in its key and nobody else",
  async (name) => {
    const { mcpKeys, env, dir } = createProcesses();
    const { stdout: token } = await mcpKeys(["generate", "ci"]);
    const server = await startServerProcess(`${EXAMPLES}${name}/server.js`, env);
    const check = (key: string, url = server.url) =>
      runProcess(process.execPath, [`${EXAMPLES}${name}/client.js`, url], {
        env: { PATH: env.PATH, HOME: dir, MCP_API_KEY: key },
      });
    expect(await check(token.trim())).toMatchObject({ status: 0, stdout: "let in as ci\n", stderr: "" });

    // Seen to fail: with another key, and at a server that is open.
    const { stdout: other } = await createProcesses().mcpKeys(["generate", "ci"]);
    expect(await check(other.trim())).toMatchObject({ status: 1, stderr: expect.stringMatching(/401|invalid_token/) });
    const open = await startSdkServer("v1-stateless");
    onTestFinished(() => open.close());
    expect(await check(token.trim(), open.url)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("open without a key"),
    });
    expect(await server.stop()).toBe(0);
  },
);
