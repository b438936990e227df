// The SDK's second generation as a handler of `Request` and `Response`, with its `requireBearerAuth`.
import { serve } from "@hono/node-server";
import {
  createMcpHandler,
  McpServer,
  OAuthError,
  OAuthErrorCode,
  requireBearerAuth,
} from "@modelcontextprotocol/server";
import { ADDRESS, createTokenVerifier, createTools } from "./server.js";

const verifier = createTokenVerifier(() => new OAuthError(OAuthErrorCode.InvalidToken, "unknown token"));
const authenticate = requireBearerAuth({ verifier });
const handler = createMcpHandler(() => createTools(McpServer));

serve({
  ...ADDRESS,
  async fetch(request) {
    if (new URL(request.url).pathname !== "/mcp") return new Response("not found", { status: 404 });
    const auth = await authenticate(request);
    return auth instanceof Response ? auth : handler.fetch(request, { authInfo: auth });
  },
});
