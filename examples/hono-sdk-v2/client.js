// Checks the server in both eras of the protocol: it accepts MCP_API_KEY, and refuses a missing and a wrong key.
//   MCP_API_KEY=… node client.js http://127.0.0.1:3000/mcp
import assert from "node:assert/strict";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";

const url = new URL(process.argv[2] ?? "http://127.0.0.1:3000/mcp");

async function connect(token, mode = "auto") {
  const client = new Client({ name: "hono-sdk-v2-client", version: "1.0.0" }, { versionNegotiation: { mode } });
  const authProvider = token === undefined ? undefined : { token: async () => token };
  await client.connect(new StreamableHTTPClientTransport(url, { authProvider }));
  return client;
}

// Well formed, but never issued.
const wrong = "mcp_000000000000_00000000000000000000000000000000000000000003g2ctG";
await assert.rejects(connect(), /401|unauthorized/i, "no 401 without a key");
await assert.rejects(connect(wrong), /401|unauthorized/i, "no 401 for a wrong key");

const names = [];
for (const mode of ["auto", "legacy"]) {
  const client = await connect(process.env.MCP_API_KEY, mode);
  const { tools } = await client.listTools();
  assert.deepEqual(
    tools.map(({ name }) => name),
    ["whoami"],
  );
  const { content } = await client.callTool({ name: "whoami" });
  names.push(content[0].text);
  await client.close();
}
assert.equal(names[0], names[1]);
console.log(`accepted as ${names[0]}`);
