import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";
import { createProcesses } from "./process.ts";

/** A server in a process of its own. It checks each token that it reads, and answers whether it is valid. */
const SERVER = `
  import { createInterface } from "node:readline";
  import { createVerifier, openStore } from "mcp-keys";
  const [spec, name, uses] = process.argv.slice(1);
  const store = await openStore(spec);
  const verifier = await createVerifier({ store, name, ...(uses && { uses: "file:" + uses }), flushEvery: 0.1 });
  console.log("ready");
  for await (const token of createInterface(process.stdin)) console.log(verifier.verify(token).ok);
  await verifier.close();
  await store.close();
`;

async function startServer(...args: string[]) {
  const child = spawn(process.execPath, ["--input-type=module", "-e", SERVER, ...args], {
    cwd: join(import.meta.dirname, "../.."),
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  expect((await lines.next()).value).toBe("ready");
  return async (token: string): Promise<boolean> => {
    child.stdin.write(`${token}\n`);
    return (await lines.next()).value === "true";
  };
}

test("two servers on one store and one with a keyset: --finish names each one that still sees the old token", async () => {
  const { dir, file, mcpKeys } = createProcesses();
  const [keyset, report] = [join(dir, "keyset.json"), join(dir, "uses.json")];
  const old = (await mcpKeys(["generate", "ci", "--expires", "never"])).stdout.trim();
  const publish = ["--publish", `cat > ${keyset}.new && mv ${keyset}.new ${keyset}`];
  const token = (await mcpKeys(["rotate", "ci", ...publish])).stdout.trim();
  const [one, two, edge] = await Promise.all([
    startServer(`file:${file}`, "web-1"),
    startServer(`file:${file}`, "web-2"),
    startServer(`keyset:${keyset}`, "edge-1", report),
  ]);
  const finish = async (window: string) => mcpKeys(["rotate", "ci", "--finish", "--window", window]);
  for (const use of [one, two, edge]) expect(await use(old)).toBe(true);
  await expect
    .poll(async () => (await mcpKeys(["uses"])).stdout, { timeout: 10_000 })
    .toMatch(/web-1[^]*web-2|web-2[^]*web-1/);

  const refused = await finish("1h");
  expect(refused.status).toBe(5);
  for (const server of [
    "on web-1",
    "on web-2",
    "no server that reads it has reported",
    "no server has seen version 2",
  ]) {
    expect(refused.stderr).toContain(server);
  }
  await expect.poll(() => readFileSync(report, "utf8"), { timeout: 10_000 }).toContain('"n":1');
  expect((await mcpKeys(["uses", "import", report])).status).toBe(0);
  expect((await finish("1h")).stderr).toContain("on edge-1");

  // From now on, all clients have the new token.
  for (const use of [one, two, edge]) expect(await use(token)).toBe(true);
  await expect.poll(() => readFileSync(report, "utf8"), { timeout: 10_000 }).toContain('"n":2');
  // Later. A report that is older than the window proves nothing.
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  expect((await finish("2s")).stderr).toContain("edge-1 last reported its uses");
  await expect
    .poll(
      async () => {
        await edge(token);
        await mcpKeys(["uses", "import", report]);
        return (await finish("2s")).status;
      },
      { timeout: 20_000, interval: 300 },
    )
    .toBe(0);
  await expect.poll(() => one(old), { timeout: 5_000 }).toBe(false);
  expect(await one(token)).toBe(true);
}, 60_000);
