// The SDK's first generation behind its `requireBearerAuth` in a plain Express app, with a server for each request. With LIMIT=n,
// `express-rate-limit` allows an address n requests a second, with or without a valid key.
import { requireBearerAuth } from "@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js";
import { InvalidTokenError } from "@modelcontextprotocol/sdk/server/auth/errors.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import express from "express";
import { rateLimit } from "express-rate-limit";
import { ADDRESS, createTokenVerifier, createTools } from "./server.js";

const verifier = createTokenVerifier(() => new InvalidTokenError("unknown token"));
const app = express();
if (process.env.LIMIT) app.use(rateLimit({ windowMs: 1000, limit: Number(process.env.LIMIT) }));
app.use(express.json());

app.post("/mcp", requireBearerAuth({ verifier }), async (request, response) => {
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
  response.on("close", () => void transport.close());
  await createTools(McpServer).connect(transport);
  await transport.handleRequest(request, response, request.body);
});

const refuse = (_request, response) =>
  response.status(405).json({ jsonrpc: "2.0", error: { code: -32_000, message: "Method not allowed." }, id: null });
app.get("/mcp", refuse);
app.delete("/mcp", refuse);

app.listen(ADDRESS.port, ADDRESS.host);
