import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { answer, legacy, UNAUTHORIZED } from "./scripted.ts";

/** Somebody else's MCP server: it accepts the tokens in `MCP_API_KEYS` as they are when it starts. Prints its URL. */

const tokens = (process.env["MCP_API_KEYS"] ?? "").split(",");
const script = legacy(({ token = "" }) => (tokens.includes(token) ? undefined : UNAUTHORIZED));
const server = createServer((request, response) => void answer(script, request, response));
server.listen(0, "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`);
});
process.once("SIGTERM", () => {
  server.close();
  server.closeIdleConnections();
});
