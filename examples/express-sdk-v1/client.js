// Checks the server: it accepts MCP_API_KEY, and refuses a missing and a wrong key.
//   MCP_API_KEY=… node client.js http://127.0.0.1:3000/mcp
import assert from "node:assert/strict";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const url = new URL(process.argv[2] ?? "http://127.0.0.1:3000/mcp");

async function connect(headers) {
  const client = new Client({ name: "express-sdk-v1-client", version: "1.0.0" });
  await client.connect(new StreamableHTTPClientTransport(url, { requestInit: { headers } }));
  return client;
}

// Well formed, but never issued.
const wrong = "mcp_000000000000_00000000000000000000000000000000000000000003g2ctG";
await assert.rejects(connect({}), /401|unauthorized/i, "no 401 without a key");
await assert.rejects(connect({ authorization: `Bearer ${wrong}` }), /401|invalid_token/, "no 401 for a wrong key");

const client = await connect({ authorization: `Bearer ${process.env.MCP_API_KEY}` });
const { tools } = await client.listTools();
assert.deepEqual(
  tools.map(({ name }) => name),
  ["whoami"],
);
const { content } = await client.callTool({ name: "whoami" });
console.log(`accepted as ${content[0].text}`);
await client.close();
