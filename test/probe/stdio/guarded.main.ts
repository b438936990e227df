import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { McpServer as McpServerV2 } from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { CODES, KeysError } from "../../../src/errors.ts";
import { openStore } from "../../../src/open-store.ts";
import { requireApiKeyFromEnv } from "../../../src/server/stdio.ts";

/**
 * A stdio server of an official SDK with our guard: `<sdk> <guard>`. The SDK is `v1`, `v2` or `v2-modern`. The guard `answers`
 * the client with an error, `exits` silently, or is `none`.
 */
const [sdk = "", guard = ""] = process.argv.slice(2);

if (guard !== "none") {
  const answer = guard === "answers" ? { input: process.stdin, output: process.stdout } : undefined;
  try {
    await requireApiKeyFromEnv({ store: await openStore(), ...(answer !== undefined && { answer }) });
  } catch (cause) {
    if (!(cause instanceof KeysError)) throw cause;
    process.stderr.write(`${cause.message}: ${cause.hint}\n`);
    process.exit(CODES[cause.code].exit);
  }
}

if (sdk === "v1") {
  const server = new McpServer({ name: "v1", version: "1" });
  server.registerTool("whoami", {}, () => ({ content: [] }));
  await server.connect(new StdioServerTransport());
} else {
  const create = (): McpServerV2 => {
    const server = new McpServerV2({ name: "v2", version: "1" });
    server.registerTool("whoami", {}, () => ({ content: [] }));
    return server;
  };
  serveStdio(create, sdk === "v2-modern" ? { legacy: "reject" } : {});
}
