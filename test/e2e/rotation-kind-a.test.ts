import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { rotationFile } from "../docs/rotation-page.ts";
import { startClients } from "./clients.ts";
import { buildServer, createMachines } from "./machines.ts";
import { startServerProcess } from "./server-process.ts";

test("a server that shares the store: 50 clients rotate and none is refused; --finish waits for the late ones", async () => {
  const { world, journal, run, secret, argumentsSoFar } = createMachines();
  const program = buildServer("guarded", world);
  expect(await run("sh", ["-c", "mcp-keys generate ci --to 'vault kv put -mount=secret mcp/ci token=-'"])).toMatchObject({
    status: 0,
  });
  const token = () => secret("mcp/ci");
  const old = token();
  const server = await startServerProcess(await program, { MCP_KEYS_STORE: `file:${journal}` });
  const script = rotationFile("rotate.sh", "A")
    .replace("https://host.example/mcp", server.url)
    .replace("every=30d", "every=1s")
    .replace("window=60m", "window=2s");
  writeFileSync(join(world, "store/rotate.sh"), script);
  const clients = startClients(server.url, token);
  await expect.poll(() => clients.accepted().newest, { timeout: 10_000 }).toBeGreaterThan(50);

  expect(await run("sh", ["rotate.sh", "rotate"])).toMatchObject({ status: 0, stdout: "" });
  expect(token()).not.toBe(old);
  const tooEarly = await run("sh", ["rotate.sh", "finish"]);
  expect(tooEarly.status).toBe(5);
  console.log(tooEarly.stderr);

  clients.switchLate();
  await expect.poll(() => run("sh", ["rotate.sh", "finish"]), { timeout: 15_000, interval: 500 }).toMatchObject({ status: 0 });
  const { newest } = clients.accepted();
  await expect.poll(() => clients.accepted().newest, { timeout: 10_000 }).toBeGreaterThan(newest + 50);
  await clients.stop();
  expect(clients.refused).toEqual([]);
  expect(argumentsSoFar()).not.toMatch(/mcp_\w{12}_/);
}, 60_000);
