import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { CODES, KeysError } from "../../src/errors.ts";
import { openStore } from "../../src/open-store.ts";
import { requireApiKeyFromEnv } from "../../src/server/stdio.ts";

/** A stdio server that requires a key, and reports a missing key to its client. */

const answer = { input: process.stdin, output: process.stdout };
try {
  const { extra } = await requireApiKeyFromEnv({ store: await openStore(), answer });
  const server = new McpServer({ name: "stdio", version: "1" });
  server.registerTool("whoami", {}, () => ({ content: [{ type: "text", text: extra.keyName }] }));
  await server.connect(new StdioServerTransport());
} catch (cause) {
  if (!(cause instanceof KeysError)) throw cause;
  process.stderr.write(`${cause.message}: ${cause.hint}\n`);
  process.exit(CODES[cause.code].exit);
}
