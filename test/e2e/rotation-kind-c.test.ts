import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startClients } from "./clients.ts";
import { buildServer, createMachines, installScripts } from "./machines.ts";
import { startReplicas } from "./replicas.ts";

test("a server that holds its tokens itself: 50 clients rotate and none is refused", async () => {
  const machines = createMachines();
  const { world, run, secret, argumentsSoFar } = machines;
  const program = await buildServer("token-list", world);
  const tokens = join(world, "server/etc/mcp/tokens.env");
  writeFileSync(tokens, "");
  const url = await startReplicas(program, tokens, world);
  installScripts(machines, "C", { "https://host.example/mcp": url, "every=30d": "every=1s" });
  expect(await run("sh", ["rotate.sh", "first"])).toMatchObject({ status: 0, stdout: "" });
  const old = secret();

  const clients = startClients(url, secret);
  await expect.poll(() => clients.accepted().newest, { timeout: 10_000 }).toBeGreaterThan(50);
  const rotated = await run("sh", ["rotate.sh", "nightly"]);
  expect(rotated).toMatchObject({ status: 0, stdout: "" });
  expect(secret()).not.toBe(old);
  console.log(rotated.stderr);

  await clients.stop();
  expect(clients.refused).toEqual([]);
  expect(argumentsSoFar()).not.toMatch(/mcp_\w{12}_/);
}, 60_000);
