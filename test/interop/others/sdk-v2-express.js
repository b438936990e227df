// The SDK's second generation, which speaks both eras, with its `requireBearerAuth` in its own Express app.
import { createMcpExpressApp, requireBearerAuth } from "@modelcontextprotocol/express";
import { toNodeHandler } from "@modelcontextprotocol/node";
import { createMcpHandler, McpServer, OAuthError, OAuthErrorCode } from "@modelcontextprotocol/server";
import { ADDRESS, createTokenVerifier, createTools } from "./server.js";

const verifier = createTokenVerifier(() => new OAuthError(OAuthErrorCode.InvalidToken, "unknown token"));
const answer = toNodeHandler(createMcpHandler(() => createTools(McpServer)));

const app = createMcpExpressApp();
app.all("/mcp", requireBearerAuth({ verifier }), (request, response) => answer(request, response, request.body));
app.listen(ADDRESS.port, ADDRESS.host);
