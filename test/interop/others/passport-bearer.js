// `passport-http-bearer` in front of the SDK's first generation. As RFC 6750 allows, it also accepts the
// token as `access_token` in the query and in a form.
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import express from "express";
import passport from "passport";
import { Strategy } from "passport-http-bearer";
import { ADDRESS, createTools, KEYS } from "./server.js";

passport.use(new Strategy((token, done) => done(null, KEYS.includes(token) ? { name: "ci" } : false)));

const app = express();
app.use(express.json());
app.post("/mcp", passport.authenticate("bearer", { session: false }), async (request, response) => {
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
  response.on("close", () => void transport.close());
  await createTools(McpServer).connect(transport);
  await transport.handleRequest(request, response, request.body);
});
app.listen(ADDRESS.port, ADDRESS.host);
