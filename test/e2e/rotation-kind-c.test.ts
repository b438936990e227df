import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startClients } from "./clients.ts";
import { buildServer, createMachines, installScripts } from "./machines.ts";
import { startReplicas } from "./replicas.ts";

test("a server that holds its tokens: 50 clients rotate and none is refused; `finish` waits until it forgets the old one", async () => {
  const { world, run, secret, argumentsSoFar } = createMachines();
  const variables = join(world, "server/etc/mcp/tokens.env");
  writeFileSync(variables, "");
  const url = await startReplicas(await buildServer("token-list", world), variables, world);
  installScripts(world, "C", (script) =>
    script
      .replace("https://host.example/mcp", url)
      .replace("every=30d", "every=0s")
      .replace("--patience 5s", "--patience 1s"),
  );
  expect(await run("sh", ["rotate.sh", "first"])).toMatchObject({ status: 0, stdout: "" });
  const old = secret();
  const clients = startClients(url, secret);
  await expect.poll(() => clients.accepted().newest, { timeout: 10_000 }).toBeGreaterThan(50);

  expect(await run("sh", ["rotate.sh", "nightly"])).toMatchObject({ status: 0, stdout: "" });
  expect(secret()).not.toBe(old);
  // Both replicas know the new token before any client can find it.
  const [, order = ""] = argumentsSoFar().split("mcp-keys rotate");
  expect(order.match(/^(systemctl|vault kv put)/gm)).toEqual(["systemctl", "systemctl", "vault kv put"]);
  await clients.untilUsed();
  // The server accepts the old token, so somebody may still use it.
  const early = await run("sh", ["rotate.sh", "finish"]);
  expect(early).toMatchObject({ status: 5, stderr: expect.stringContaining(url) });

  clients.switchLate();
  await clients.untilUsed();
  expect(await run("sh", ["rotate.sh", "forget"])).toMatchObject({ status: 0, stdout: "" });
  expect(await run("sh", ["rotate.sh", "finish"])).toMatchObject({ status: 0 });
  await clients.untilUsed();
  await clients.stop();
  expect(clients.refused).toEqual([]);
  expect(argumentsSoFar()).not.toMatch(/mcp_\w{12}_/);
}, 60_000);
