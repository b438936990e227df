// An MCP server on stdio (official SDK v1) that starts only with a key of the store. The client that starts it sets
// MCP_API_KEY. The client must not be able to write to the store, or it could issue itself a key.
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { CODES, KeysError, openStore, requireApiKeyFromEnv } from "mcp-keys";

const caller = await findCaller();

const server = new McpServer({ name: "stdio", version: "1.0.0" });
server.registerTool("whoami", { description: "Names the key of the caller" }, () => ({
  content: [{ type: "text", text: caller.extra.keyName }],
}));
await server.connect(new StdioServerTransport());

async function findCaller() {
  try {
    // Sends the reason to the client, as the answer to `initialize`.
    const answer = { input: process.stdin, output: process.stdout };
    return await requireApiKeyFromEnv({ store: await openStore(), answer });
  } catch (error) {
    if (!(error instanceof KeysError)) throw error;
    console.error(`${error.message}\n${error.hint}`);
    process.exit(CODES[error.code].exit);
  }
}
