import { join } from "node:path";
import { expect, test } from "vitest";
import { startClients } from "./clients.ts";
import { buildServer, createMachines, installScripts } from "./machines.ts";
import { startServerProcess } from "./server-process.ts";

test("a server that reads a keyset: 50 clients rotate and none is refused; `finish` waits for the late ones", async () => {
  const { world, run, secret, argumentsSoFar } = createMachines();
  const program = buildServer("guarded", world);
  installScripts(world, "B");
  expect(await run("sh", ["rotate.sh", "first"])).toMatchObject({ status: 0, stdout: "" });
  const old = secret();
  // Another machine: it has no store, and all that reaches it is the file that the script publishes.
  const there = join(world, "server");
  const env = { HOME: there, MCP_KEYS_STORE: `keyset:${there}/etc/mcp/keyset.json`, NAME: "host-2" };
  const server = await startServerProcess(await program, { ...env, USES: `file:${there}/var/lib/mcp/uses.json` });
  installScripts(world, "B", (script) =>
    script
      .replace("https://host.example/mcp", server.url)
      .replace("every=30d", "every=0s")
      .replace("window=60m", "window=6s"),
  );
  const clients = startClients(server.url, secret);
  await expect.poll(() => clients.accepted().newest, { timeout: 10_000 }).toBeGreaterThan(50);

  expect(await run("sh", ["rotate.sh", "rotate"])).toMatchObject({ status: 0, stdout: "" });
  expect(secret()).not.toBe(old);
  await expect
    .poll(() => run("sh", ["rotate.sh", "finish"]), { timeout: 10_000, interval: 500 })
    .toMatchObject({ status: 5, stderr: expect.stringMatching(/version 1 of ci is in use: .*host-2/) });

  clients.switchLate();
  await expect
    .poll(async () => (await run("sh", ["rotate.sh", "finish"])).status, { timeout: 20_000, interval: 1_000 })
    .toBe(0);
  await clients.untilUsed();
  await clients.stop();
  expect(clients.refused).toEqual([]);
  expect(argumentsSoFar()).not.toMatch(/mcp_\w{12}_/);
}, 60_000);
