// Checks the server: it accepts MCP_API_KEY except for a tool that needs a scope, and refuses a missing and a wrong key.
//   MCP_API_KEY=… node client.js http://127.0.0.1:3000/mcp
import assert from "node:assert/strict";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";

const url = new URL(process.argv[2] ?? "http://127.0.0.1:3000/mcp");

async function connect(token) {
  const client = new Client({ name: "fastify-client", version: "1.0.0" }, { versionNegotiation: { mode: "auto" } });
  const authProvider = token === undefined ? undefined : { token: async () => token };
  await client.connect(new StreamableHTTPClientTransport(url, { authProvider }));
  return client;
}

// Well formed, but never issued.
const wrong = "mcp_000000000000_00000000000000000000000000000000000000000003g2ctG";
await assert.rejects(connect(), /401|unauthorized/i, "no 401 without a key");
await assert.rejects(connect(wrong), /401|unauthorized/i, "no 401 for a wrong key");

const client = await connect(process.env.MCP_API_KEY);
const { tools } = await client.listTools();
assert.deepEqual(
  tools.map(({ name }) => name),
  ["whoami"],
);
await assert.rejects(client.callTool({ name: "forget" }), /403|insufficient.scope/i, "no 403 without the scope");
const { content } = await client.callTool({ name: "whoami" });
console.log(`accepted as ${content[0].text}`);
await client.close();

const health = await fetch(new URL("/health", url));
assert.deepEqual(await health.json(), { ready: true }, "a health check needs a key");
