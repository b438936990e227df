const { MCP_API_KEYS = "", PORT = "0" } = process.env;

/** The keys that these programs accept, and the address on which they listen. */
export const KEYS = MCP_API_KEYS.split(",");
export const ADDRESS = { host: "127.0.0.1", hostname: "127.0.0.1", port: Number(PORT) };

/**
 * Creates a verifier for `requireBearerAuth`. It throws the error of the given SDK for an unknown token; tokens must expire.
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

/** Creates a server with one tool. `McpServer` is the class of the SDK in use. */
export function createTools(McpServer) {
  const server = new McpServer({ name: "by-others", version: "1.0.0" });
  offer(server);
  return server;
}

export function offer(server) {
  server.registerTool("add", { description: "Adds" }, () => ({ content: [{ type: "text", text: "3" }] }));
}
