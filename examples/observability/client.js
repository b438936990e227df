// Checks the server with plain fetch: it accepts MCP_API_KEY, and refuses a missing and a wrong key.
//   MCP_API_KEY=… node client.js http://127.0.0.1:3000/mcp
import assert from "node:assert/strict";

const url = process.argv[2] ?? "http://127.0.0.1:3000/mcp";

function post(method, params, token) {
  return fetch(url, {
    method: "POST",
    redirect: "error",
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      accept: "application/json, text/event-stream",
      "content-type": "application/json",
      "mcp-protocol-version": "2025-11-25",
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
}

async function call(method, params) {
  const response = await post(method, params, process.env.MCP_API_KEY);
  assert.equal(response.status, 200, response.headers.get("www-authenticate") ?? undefined);
  return (await response.json()).result;
}

const anonymous = await post("tools/list");
assert.equal(anonymous.status, 401, "no 401 without a key");
assert.equal(anonymous.headers.get("www-authenticate"), 'Bearer realm="mcp"');

// Well formed, but never issued.
const wrong = await post("tools/list", {}, "mcp_000000000000_00000000000000000000000000000000000000000003g2ctG");
assert.equal(wrong.status, 401, "no 401 for a wrong key");
assert.match(wrong.headers.get("www-authenticate"), /error="invalid_token"/);

const { tools } = await call("tools/list");
assert.deepEqual(
  tools.map(({ name }) => name),
  ["whoami"],
);
const { content } = await call("tools/call", { name: "whoami" });
console.log(`accepted as ${content[0].text}`);
