// An MCP server on stdio (official SDK v1) that starts for who has a key of the store. Whoever starts it sets
// MCP_API_KEY; the store must be one that they cannot write to, or they make themselves a key.
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { CODES, KeysError, openStore, requireApiKeyFromEnv } from "mcp-keys";

const caller = await findCaller();

const server = new McpServer({ name: "stdio", version: "1.0.0" });
server.registerTool("whoami", { description: "Whose key it is" }, () => ({
  content: [{ type: "text", text: caller.extra.keyName }],
}));
await server.connect(new StdioServerTransport());

async function findCaller() {
  try {
    // Its client is told why, as the answer to `initialize`.
    const answer = { input: process.stdin, output: process.stdout };
    return await requireApiKeyFromEnv({ store: await openStore(), answer });
  } catch (error) {
    if (!(error instanceof KeysError)) throw error;
    console.error(`${error.message}\n${error.hint}`);
    process.exit(CODES[error.code].exit);
  }
}
