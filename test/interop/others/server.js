const { MCP_API_KEYS = "", PORT = "0" } = process.env;

/** What each of these programs is told: the keys it lets in, and where to listen on 127.0.0.1. */
export const KEYS = MCP_API_KEYS.split(",");
export const ADDRESS = { host: "127.0.0.1", hostname: "127.0.0.1", port: Number(PORT) };

/**
 * For `requireBearerAuth`: an unknown token is refused with the error of the SDK in use, and a token has to have an end.
 * @param {() => Error} refuse
 */
export function createTokenVerifier(refuse) {
  return {
    async verifyAccessToken(token) {
      if (!KEYS.includes(token)) throw refuse();
      return { token, clientId: "ci", scopes: [], expiresAt: Math.floor(Date.now() / 1000) + 3600 };
    },
  };
}

/** One tool. `McpServer` is that of the SDK in use. */
export function createTools(McpServer) {
  const server = new McpServer({ name: "by-others", version: "1.0.0" });
  offer(server);
  return server;
}

export function offer(server) {
  server.registerTool("add", { description: "Adds" }, () => ({ content: [{ type: "text", text: "3" }] }));
}
