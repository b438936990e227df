import { expect, test } from "vitest";
import { startClients } from "./clients.ts";
import { buildServer, createMachines, installScripts } from "./machines.ts";
import { startServerProcess } from "./server-process.ts";

test("a server that shares the store: 50 clients rotate and none is refused; `finish` waits for the late ones", async () => {
  const { world, journal, run, secret, argumentsSoFar } = createMachines();
  const program = buildServer("guarded", world);
  installScripts(world, "A");
  expect(await run("sh", ["rotate.sh", "first"])).toMatchObject({ status: 0, stdout: "" });
  const old = secret();
  const env = { MCP_KEYS_STORE: `file:${journal}`, NAME: "host-1" };
  const server = await startServerProcess(await program, env);
  installScripts(world, "A", (script) =>
    script
      .replace("https://host.example/mcp", server.url)
      .replace("every=30d", "every=0s")
      .replace("window=60m", "window=6s"),
  );
  const clients = startClients(server.url, secret);
  await expect.poll(() => clients.accepted().newest, { timeout: 10_000 }).toBeGreaterThan(50);

  expect(await run("sh", ["rotate.sh", "rotate"])).toMatchObject({ status: 0, stdout: "" });
  expect(secret()).not.toBe(old);
  // The late clients still use the old token, so the end of the overlap waits.
  await expect
    .poll(() => run("sh", ["rotate.sh", "finish"]), { timeout: 10_000, interval: 500 })
    .toMatchObject({ status: 5, stderr: expect.stringMatching(/version 1 of ci is in use: .*host-1/) });

  clients.switchLate();
  await expect
    .poll(async () => (await run("sh", ["rotate.sh", "finish"])).status, { timeout: 20_000, interval: 1_000 })
    .toBe(0);
  await clients.untilUsed();
  await clients.stop();
  expect(clients.refused).toEqual([]);
  expect(argumentsSoFar()).not.toMatch(/mcp_\w{12}_/);
}, 60_000);
