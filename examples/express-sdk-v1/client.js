// Checks the server: MCP_API_KEY opens it, and it is shut without one.
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

await assert.rejects(connect({}), /401|unauthorized/i, "the server is open without a key");

const client = await connect({ authorization: `Bearer ${process.env.MCP_API_KEY}` });
const { content } = await client.callTool({ name: "whoami" });
console.log(`let in as ${content[0].text}`);
await client.close();
