import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import { startServer } from "../probe/servers/configurable-server.ts";
import { during, TOKEN } from "../probe/verify/verifying.ts";
import { BIN, createProcesses, runProcess } from "./process.ts";

const SECRET = TOKEN.reveal().slice(17, 40);

async function withServer() {
  const server = await during(startServer([TOKEN.reveal()]));
  const { env, dir } = createProcesses();
  return { server, dir, env: { ...env, MCP_API_KEY: TOKEN.reveal() } };
}

/** Lists the tools through the proxy, without a key. */
async function listTools(url: string): Promise<{ status: number; text: string }> {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", "mcp-protocol-version": "2026-07-28" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" }),
  });
  return { status: answer.status, text: await answer.text() };
}

/** A command that lists the tools at its argument, and prints the status. */
const LIST = `fetch(process.argv[1], { method: "POST", headers: { "mcp-protocol-version": "2026-07-28" },
  body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" }) })
  .then((answer) => console.log(answer.status, String(process.env.MCP_API_KEY)))`;

test("the proxy prints only its URL, works until SIGTERM and shows no key", async () => {
  const { server, env } = await withServer();
  const child = spawn(process.execPath, [BIN, "test", "--proxy", server.url, "--verbose"], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const [stdout] = (await once(child.stdout.setEncoding("utf8"), "data")) as [string];
  expect(stdout).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[0-9A-Za-z]{32}\/mcp\n$/);
  const url = stdout.trim();
  expect(await listTools(url)).toEqual({ status: 200, text: expect.stringContaining('"add"') });
  expect((await listTools(url.replace(/\/\w{32}\//, "/"))).status).toBe(404);
  child.kill("SIGTERM");
  expect(await once(child, "close")).toEqual([143, null]);
  expect(stderr).toContain(`adding your key to requests to ${new URL(server.url).origin}\n`);
  expect(stderr).toContain("debug: POST 200\n");
  expect(stderr).not.toContain(SECRET);
  await expect(listTools(url)).rejects.toThrow("fetch failed");
});

test("the proxy ends with the process that started it", async () => {
  const { server, env } = await withServer();
  // The shell ends at once, and the proxy has no terminal that could hang up.
  const command = `'${process.execPath}' '${BIN}' test --proxy ${server.url} 2>/dev/null & sleep 1`;
  const { stdout } = await runProcess("sh", ["-c", command], { env, limit: 20_000 });
  expect(stdout).toMatch(/^http:\/\/127\.0\.0\.1:/);
  await expect(listTools(stdout.trim())).rejects.toThrow("fetch failed");
});

test.each([
  ["with its status", ["sh", "-c", "echo at {url}; exit 9"], 9, /^at http:\/\/127\.0\.0\.1:\d+\/\w{32}\/mcp\n$/],
  ["as a shell does after a signal", ["sh", "-c", "kill $$; : {url}"], 143, /^$/],
  ["and gives it the server, but not the key", [process.execPath, "-e", LIST, "{url}"], 0, /^200 undefined\n$/],
])("--proxy runs a command and ends %s", async (_, words, wanted, prints) => {
  const { server, env } = await withServer();
  const { status, stdout, stderr } = await runProcess(
    process.execPath,
    [BIN, "test", server.url, "--proxy", "--", ...words],
    { env },
  );
  expect({ status, stdout }).toEqual({ status: wanted, stdout: expect.stringMatching(prints) });
  expect(stderr).not.toContain(SECRET);
});

test("Ctrl-C ends the command too", async () => {
  const { server, env } = await withServer();
  const words = ["test", server.url, "--proxy", "--", "sh", "-c", "echo $$ {url}; exec sleep 60"];
  const child = spawn(process.execPath, [BIN, ...words], { env, stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [stdout] = (await once(child.stdout.setEncoding("utf8"), "data")) as [string];
  child.kill("SIGINT");
  expect(await once(child, "close")).toEqual([130, null]);
  expect(() => process.kill(Number.parseInt(stdout, 10), 0)).toThrow("ESRCH");
});
