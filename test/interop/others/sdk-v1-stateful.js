// The SDK's first generation in its own Express app, with its `requireBearerAuth` and sessions.
import { randomUUID } from "node:crypto";
import { requireBearerAuth } from "@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js";
import { InvalidTokenError } from "@modelcontextprotocol/sdk/server/auth/errors.js";
import { createMcpExpressApp } from "@modelcontextprotocol/sdk/server/express.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { isInitializeRequest } from "@modelcontextprotocol/sdk/types.js";
import { ADDRESS, createTokenVerifier, createTools } from "./server.js";

const transports = new Map();
const verifier = createTokenVerifier(() => new InvalidTokenError("unknown token"));
const app = createMcpExpressApp();

app.all("/mcp", requireBearerAuth({ verifier }), async (request, response) => {
  const id = request.get("mcp-session-id");
  if (id === undefined && isInitializeRequest(request.body)) {
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (opened) => void transports.set(opened, transport),
      onsessionclosed: (closed) => void transports.delete(closed),
    });
    await createTools(McpServer).connect(transport);
    return transport.handleRequest(request, response, request.body);
  }
  const transport = transports.get(id);
  if (transport === undefined) return response.status(400).send("Invalid or missing session ID");
  return transport.handleRequest(request, response, request.body);
});

app.listen(ADDRESS.port, ADDRESS.host);
