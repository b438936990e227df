import { fileURLToPath } from "node:url";
import { expect, onTestFinished } from "vitest";
import { startSdkServer } from "../servers/sdk.ts";
import { createProcesses, runProcess } from "./process.ts";
import { startServerProcess } from "./server-process.ts";

export const EXAMPLES = fileURLToPath(new URL("../../examples/", import.meta.url));

/** Environment of the two processes of an example, in addition to the store and the key. */
export interface ExampleSetup {
  readonly server?: Record<string, string>;
  readonly client?: Record<string, string>;
}

/**
 * Runs `server.js` and `client.js` of an example. The client must succeed with its key, also after a rotation, and fail with a
 * revoked key or against an unprotected server.
 */
export async function testExample(name: string, setup: ExampleSetup = {}): Promise<void> {
  const { mcpKeys, env, dir } = createProcesses();
  const generated = mcpKeys(["generate", "ci"]);
  const open = await startSdkServer("v1-stateless");
  onTestFinished(() => open.close());
  const { stdout: token } = await generated;

  const server = await startServerProcess(`${EXAMPLES}${name}/server.js`, { ...env, ...setup.server });
  const check = (key: string, url = server.url) =>
    runProcess(process.execPath, [`${EXAMPLES}${name}/client.js`, url], {
      env: { PATH: env.PATH, HOME: dir, ...setup.client, MCP_API_KEY: key.trim() },
    });

  const [right, unguarded] = await Promise.all([check(token), check(token, open.url)]);
  expect(right).toMatchObject({ status: 0, stdout: "accepted as ci\n", stderr: "" });
  expect(unguarded).toMatchObject({ status: 1, stderr: expect.stringContaining("no 401 without a key") });

  const { stdout: rotated } = await mcpKeys(["rotate", "ci"]);
  await expect.poll(() => check(rotated), { timeout: 10_000 }).toMatchObject({ status: 0, stdout: "accepted as ci\n" });
  expect(await mcpKeys(["revoke", "ci", "--yes"])).toMatchObject({ status: 0 });
  await expect
    .poll(() => check(rotated), { timeout: 10_000 })
    .toMatchObject({
      status: 1,
      stdout: "",
      stderr: expect.stringMatching(/401|invalid_token|Unauthorized/),
    });
  expect(server.log()).toContain("refused (revoked): key ci");
  expect(await server.stop()).toBe(0);
}
