// `mcp-handler` and its `withMcpAuth`; with OPTIONAL=1 it keeps its default, which accepts requests without a key.
import { serve } from "@hono/node-server";
import { createMcpHandler, protectedResourceHandler, withMcpAuth } from "mcp-handler";
import { ADDRESS, KEYS, offer } from "./server.js";

const handler = createMcpHandler(offer, { serverInfo: { name: "by-others", version: "1.0.0" } });
const verifyToken = async (_request, token) =>
  KEYS.includes(token) ? { token, clientId: "ci", scopes: [] } : undefined;
const authHandler = withMcpAuth(handler, verifyToken, process.env.OPTIONAL === "1" ? {} : { required: true });
const metadata = protectedResourceHandler({ authServerUrls: ["https://auth.example"] });

const ROUTES = { "/mcp": authHandler, "/.well-known/oauth-protected-resource": metadata };
serve({
  ...ADDRESS,
  async fetch(request) {
    const route = ROUTES[new URL(request.url).pathname];
    return route === undefined ? new Response("not found", { status: 404 }) : route(request);
  },
});
