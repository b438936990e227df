// `hono/bearer-auth` in front of `@hono/mcp`, as their documentation shows.
import { StreamableHTTPTransport } from "@hono/mcp";
import { serve } from "@hono/node-server";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { Hono } from "hono";
import { bearerAuth } from "hono/bearer-auth";
import { ADDRESS, createTools, KEYS } from "./server.js";

const server = createTools(McpServer);
const transport = new StreamableHTTPTransport();

const app = new Hono();
app.use("/mcp", bearerAuth({ token: KEYS }));
app.all("/mcp", async (c) => {
  if (!server.isConnected()) await server.connect(transport);
  return transport.handleRequest(c);
});

serve({ ...ADDRESS, fetch: app.fetch });
