import { beforeAll, describe, expect, test } from "vitest";
import { readPage } from "./markdown.ts";
import { openSources, type Sample, type Sources } from "./samples.ts";
import { runTutorial, writeFile } from "./tutorial.ts";

test("docs/getting-started.md works as written", async () => {
  const { steps, output, log } = await runTutorial(readPage("docs/getting-started.md"));
  expect(steps, output).toEqual([
    "generate ci --out ci.key → 0",
    "verify < ci.key → 8",
    "verify < ci.key → 0",
    "test < ci.key → 0",
    "check → 0",
    "rotate ci --out new.key --verify → 0",
    "verify < new.key → 0",
    "verify < ci.key → 0",
    "show ci → 0",
    "rotate ci --finish → 5",
    "rotate ci --finish --force → 0",
    "verify < ci.key → 4",
    "revoke ci --reason compromised --yes → 0",
  ]);
  expect(output).toMatch(/not-enforced/);
  expect(log).toMatch(/refused \(expired\): key ci/);
}, 60_000);

/** A server with the code of the page in it. */
const SERVER = `
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import express from "express";
const app = express();
// the guard
app.post("/mcp", express.json(), async (request, response) => {
  const server = new McpServer({ name: "notes", version: "1.0.0" });
  server.registerTool("whoami", {}, () => ({ content: [] }));
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
  await server.connect(transport);
  await transport.handleRequest(request, response, request.body);
});
app.listen(Number(process.env.PORT), "127.0.0.1");
`;

const SHARED = "4fQ8Zr2LxWm7Vt0KcB9nYs6Jd3Hg5Pa1";

/** What the page tells the reader to set before each start of the server. */
const ENVIRONMENT = ["", ""];

describe("docs/migrating.md", () => {
  const page = readPage("docs/migrating.md");
  const samples = page.blocks
    .filter(({ lang }) => lang === "ts")
    .map(({ text, line }, i): Sample => {
      const app = /^app\./m.test(text) ? 'import express from "express";\nconst app = express();\n' : "";
      return { path: `src/sample-${i}.ts`, text: app + text.replace('from "mcp-keys"', 'from "./index.ts"'), line };
    });
  let sources: Sources;
  beforeAll(() => {
    sources = openSources(samples, []);
  });

  test.each(samples)("the sample on line $line compiles", (sample) => {
    expect(sources.faults(sample)).toEqual([]);
  });

  test("its commands work as written", async () => {
    const shared = { lang: "sh", text: `export MCP_API_KEY=${SHARED}`, line: 0 };
    const { steps, output } = await runTutorial({ ...page, blocks: [shared, ...page.blocks] }, (text, i) => {
      const server = `${writeFile("server.mjs", SERVER.replace("// the guard", text))}\nserve node server.mjs`;
      return `${ENVIRONMENT[i]!}\n${server}`;
    });
    expect(steps, output).toEqual([
      "import shared --token-env MCP_API_KEY → 0",
      "verify → 0",
      "generate laptop --owner ada --out laptop.key → 0",
      "generate ci --scope notes:read --out build.key → 0",
      "verify < laptop.key → 0",
      "verify < build.key → 0",
      "show shared → 0",
      "disable shared → 0",
      "revoke shared --yes → 0",
      "test < laptop.key → 0",
      "verify < laptop.key → 0",
      "list --store file: --store env: → 0",
      "export --keyset → 0",
    ]);
  }, 60_000);
});
