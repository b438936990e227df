// Three servers behind a balancer, and one PostgreSQL. Each change of a key is confirmed by all three before the next step.
//   node examples/fleet/run.js
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startBalancer } from "./balancer.js";
import { startPostgres } from "./postgres.js";

const MCP_KEYS = fileURLToPath(new URL("../../bin/mcp-keys.js", import.meta.url));
const SERVER = fileURLToPath(new URL("server.js", import.meta.url));

const postgres = await startPostgres();
const env = { ...process.env, ...postgres.env };

/** Runs a command, and prints by how many servers it was confirmed. */
async function mcpKeys(...args) {
  const { stdout } = await promisify(execFile)(process.execPath, [MCP_KEYS, ...args, "--json"], { env });
  const result = JSON.parse(stdout);
  const { servers, of } = result.confirmed;
  console.log(`${args.join(" ")}: confirmed by ${servers} of ${of} servers`);
  return result;
}

async function startServer(name) {
  const started = spawn(process.execPath, [SERVER], {
    env: { ...env, NAME: name, PORT: "0" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(started.stdout, "data");
  return { url: line.toString().trim(), stop: () => (started.kill(), once(started, "exit")) };
}

// The first key also creates the tables.
await promisify(execFile)(process.execPath, [MCP_KEYS, "generate", "admin", "--json"], { env });
const servers = await Promise.all(["web-1", "web-2", "web-3"].map(startServer));
const balancer = await startBalancer(servers.map(({ url }) => url));

/** Calls each server once, and returns what they answered. */
async function callEach(token) {
  const answers = await Promise.all(servers.map(() => call(token)));
  return answers.sort();
}

async function call(token) {
  const response = await fetch(balancer.url, {
    method: "POST",
    headers: {
      authorization: `Bearer ${token}`,
      accept: "application/json, text/event-stream",
      "content-type": "application/json",
      "mcp-protocol-version": "2025-11-25",
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "whoami" } }),
  });
  if (response.status !== 200) return String(response.status);
  return (await response.json()).result.content[0].text;
}

const ACCEPTED = ["ci on web-1", "ci on web-2", "ci on web-3"];
const REFUSED = ["401", "401", "401"];

// Each command returns only after every server has applied its change, so the very next request tells.
const { token: first } = await mcpKeys("generate", "ci", "--wait");
assert.deepEqual(await callEach(first), ACCEPTED);

const { token: second } = await mcpKeys("rotate", "ci", "--wait");
assert.deepEqual(await callEach(second), ACCEPTED);
assert.deepEqual(await callEach(first), ACCEPTED, "during the overlap both tokens work");

await mcpKeys("rotate", "ci", "--finish", "--force", "--wait");
assert.deepEqual(await callEach(second), ACCEPTED);
assert.deepEqual(await callEach(first), REFUSED);

await mcpKeys("revoke", "ci", "--yes");
assert.deepEqual(await callEach(second), REFUSED);
console.log("no server accepts the revoked key");

balancer.stop();
await Promise.all(servers.map(({ stop }) => stop()));
await postgres.stop();
