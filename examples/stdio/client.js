// Checks the server: it starts with MCP_API_KEY, and does not start with a missing or a wrong key.
//   MCP_API_KEY=… node client.js
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { getDefaultEnvironment, StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";

const server = process.argv[2] ?? fileURLToPath(new URL("server.js", import.meta.url));

async function connect(key) {
  const { MCP_KEYS_STORE } = process.env;
  const env = {
    ...getDefaultEnvironment(),
    ...(MCP_KEYS_STORE && { MCP_KEYS_STORE }),
    ...(key && { MCP_API_KEY: key }),
  };
  const client = new Client({ name: "stdio-client", version: "1.0.0" });
  await client.connect(new StdioClientTransport({ command: process.execPath, args: [server], env, stderr: "ignore" }));
  return client;
}

// Well formed, but never issued.
const wrong = "mcp_000000000000_00000000000000000000000000000000000000000003g2ctG";
await assert.rejects(connect(), /needs an API key in MCP_API_KEY/, "it starts without a key");
await assert.rejects(connect(wrong), /is refused: unknown/, "it starts with a wrong key");

const client = await connect(process.env.MCP_API_KEY);
const { tools } = await client.listTools();
assert.deepEqual(
  tools.map(({ name }) => name),
  ["whoami"],
);
const { content } = await client.callTool({ name: "whoami" });
console.log(`accepted as ${content[0].text}`);
await client.close();
