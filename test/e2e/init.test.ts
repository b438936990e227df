import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parsePage } from "../docs/markdown.ts";
import { runTutorial } from "../docs/tutorial.ts";
import { createProcesses } from "./process.ts";
import { CTRL_C, CTRL_D, openTerminal } from "./pty.ts";

const QUESTIONS = ["Server (", "Store (", "Name of the first key:", "Client ("];

function createProject() {
  const { env, dir } = createProcesses();
  writeFileSync(join(dir, "package.json"), '{"name":"notes","dependencies":{"express":"5.0.0"}}');
  const full = { ...env, MCP_KEYS_STORE: "", PATH: env.PATH ?? "", TERM: "xterm" };
  return { dir, terminal: openTerminal('cd "$HOME" && mcp-keys init', full) };
}

describe("init at a terminal", () => {
  test("asks four questions, and Enter takes the guess", async () => {
    const { dir, terminal } = createProject();
    for (const question of QUESTIONS) {
      await terminal.shows(question);
      terminal.type("\r");
    }
    await terminal.shows("3. Start the server again");
    expect(await terminal.ended).toBe(0);
    expect(readFileSync(join(dir, "default.key"), "utf8")).toMatch(/^mcp_/);
    expect(existsSync(join(dir, "mcp-auth.mjs"))).toBe(true);
  }, 40_000);

  test.concurrent.each(
    QUESTIONS.flatMap((question, i) => [[question, i, CTRL_C] as const, [question, i, CTRL_D] as const]),
  )(
    "at the question `%s`, leaves with 130 and nothing written (%#)",
    async (question, answered, key) => {
      const { dir, terminal } = createProject();
      for (const before of QUESTIONS.slice(0, answered)) {
        await terminal.shows(before);
        terminal.type("\r");
      }
      await terminal.shows(question);
      terminal.type(key);
      expect(await terminal.ended).toBe(130);
      await terminal.shows("hint: nothing was changed");
      expect(readdirSync(dir)).toEqual(["package.json"]);
    },
    40_000,
  );
});

const SERVER = `// server.mjs
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import express from "express";
const app = express();
// GUARD
app.post("/mcp", express.json(), async (request, response) => {
  const server = new McpServer({ name: "notes", version: "1.0.0" });
  server.registerTool("whoami", {}, () => ({ content: [] }));
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
  await server.connect(transport);
  await transport.handleRequest(request, response, request.body);
});
app.listen(Number(process.env.PORT), "127.0.0.1");`;

test("a newcomer who follows what init prints has a server that accepts the key and refuses everything else", async () => {
  const fence = (lang: string, text: string) => `\`\`\`${lang}\n${text}\n\`\`\`\n`;
  // The lines to add are taken from what init printed, and the check is the printed command.
  const add = [
    "sed -n '/^2\\. /,/^3\\. /p' printed | grep '^     ' > lines",
    "sed -i -e '/GUARD/r lines' server.mjs",
    "node server.mjs",
    'eval "$(grep -o "npx mcp-keys verify .*" printed)"; echo "verify ended with $?"',
  ].join("\n");
  const page = [
    fence("js", SERVER),
    fence(
      "sh",
      "npx mcp-keys init --framework express --name laptop --client none --url http://127.0.0.1:3000/mcp > printed",
    ),
    fence("sh", add),
  ].join("\n");
  const { steps, output } = await runTutorial(parsePage("x.md", page));
  expect(steps, output).toEqual(["init --framework express --name laptop --client none --url > printed → 0"]);
  expect(output).toContain("verify ended with 0");
  expect(output).toMatch(/outcome +enforced/);
}, 60_000);
