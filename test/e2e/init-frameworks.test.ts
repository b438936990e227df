import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { describe, expect, test, type TestContext } from "vitest";
import { ROOT } from "../docs/markdown.ts";
import { BIN, createProcesses, runProcess } from "./process.ts";

/** The parts of an MCP server that its framework does not change, as CommonJS; `module` makes it an ES module. */
const TOOLS = (name: string) => `
function createTools() {
  const server = new McpServer({ name: "${name}", version: "1.0.0" });
  server.registerTool("whoami", {}, () => ({ content: [] }));
  return server;
}`;
const V1 = {
  "@modelcontextprotocol/sdk/server/mcp.js": "{ McpServer }",
  "@modelcontextprotocol/sdk/server/streamableHttp.js": "{ StreamableHTTPServerTransport }",
};
const ANSWER = `
async function answer(request, response) {
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
  await createTools().connect(transport);
  await transport.handleRequest(request, response, request.body);
}`;
const V2 = { "@modelcontextprotocol/server": "{ createMcpHandler, McpServer }" };
const LISTEN = 'listen(Number(process.env.PORT), "127.0.0.1", () => console.log("ready"));';

interface Case {
  readonly imports: Readonly<Record<string, string>>;
  /** The server. `GUARD` is where a newcomer puts the printed lines. */
  readonly code: string;
  /** Where the printed lines name something else than this server. */
  readonly adapt?: (lines: string) => string;
}

const CASES = {
  express: {
    imports: { ...V1, express: "express" },
    code: `const app = express();\nGUARD\napp.post("/mcp", express.json(), answer);\napp.${LISTEN}${ANSWER}`,
  },
  fastify: {
    imports: { ...V1, fastify: "fastify" },
    code: `const app = fastify();\nGUARD\napp.all("/mcp", (request, reply) => {\n  request.raw.body = request.body;\n  return answer(request.raw, reply.hijack().raw);\n});\napp.listen({ host: "127.0.0.1", port: Number(process.env.PORT) }).then(() => console.log("ready"));${ANSWER}`,
  },
  hono: {
    imports: { ...V2, hono: "{ Hono }", "@hono/node-server": "{ serve }" },
    code: `const handler = createMcpHandler(createTools);\nconst app = new Hono();\nGUARD\nserve({ fetch: app.fetch, hostname: "127.0.0.1", port: Number(process.env.PORT) }, () => console.log("ready"));`,
  },
  fetch: {
    imports: { ...V2, "@hono/node-server": "{ serve }" },
    code: `const handler = createMcpHandler(createTools);\nIMPORT\nasync function answer(request) {\n  GUARD\n  return response;\n}\nserve({ fetch: answer, hostname: "127.0.0.1", port: Number(process.env.PORT) }, () => console.log("ready"));`,
  },
  node: {
    imports: { ...V1, "node:http": "{ createServer }" },
    code: `const listener = answer;\nGUARD\nserver.${LISTEN}${ANSWER}`,
    adapt: (lines) => lines.replace("createServer(", "const server = createServer("),
  },
} as const satisfies Record<string, Case>;

const writeImports = (imports: Readonly<Record<string, string>>, isModule: boolean) =>
  Object.entries(imports)
    .map(([from, what]) => (isModule ? `import ${what} from "${from}";` : `const ${what} = require("${from}");`))
    .join("\n");

/** Runs a server until the test ends. Resolves when it listens. */
async function startServer(ctx: TestContext, file: string, env: Record<string, string | undefined>): Promise<void> {
  const child = spawn(process.execPath, [file], { env, stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (log += text));
  ctx.onTestFinished(() => void child.kill("SIGKILL"));
  await Promise.race([once(child.stdout, "data"), once(child, "exit").then(() => expect.unreachable(log))]);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

/** A project with the packages of this one. */
async function withProject(isModule: boolean) {
  const made = createProcesses();
  const folder = join(made.dir, "project");
  mkdirSync(join(folder, "node_modules"), { recursive: true });
  for (const name of ["express", "fastify", "hono", "@hono", "@modelcontextprotocol", "zod"]) {
    symlinkSync(join(ROOT, "node_modules", name), join(folder, "node_modules", name));
  }
  symlinkSync(ROOT, join(folder, "node_modules/mcp-keys"));
  const manifest = { name: "notes", ...(isModule && { type: "module" }), dependencies: { "mcp-keys": "*" } };
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest).replaceAll(",", ",\r\n"));
  return { ...made, folder };
}

/** Returns the lines to add, and the command of the next step. */
function readSteps(stdout: string) {
  const [add = [], check = []] = JSON.parse(stdout).next.map(({ lines }: { lines: string[] }) => lines) as string[][];
  return { add, check: check.join("\n").replaceAll("npx mcp-keys", `'${process.execPath}' '${BIN}'`) };
}

describe.concurrent("a newcomer who does what init prints", { timeout: 60_000 }, () => {
  test.for(
    Object.entries(CASES as Record<string, Case>).flatMap(([name, each]) =>
      [true, false].map((isModule) => [name, isModule ? "an ES module" : "CommonJS", each] as const),
    ),
  )("has a guarded %s server as %s", async ([name, kind, { imports, code, adapt = (lines: string) => lines }], ctx) => {
    const isModule = kind === "an ES module";
    const { mcpKeys, folder, env } = await withProject(isModule);
    const url = `http://127.0.0.1:${String(await freePort())}/mcp`;
    const flags = ["--framework", name, "--name", "laptop", "--client", "none", "--url", url, "--json"];
    const { add, check } = readSteps((await mcpKeys(["init", ...flags], { cwd: folder })).stdout);

    const place = code.includes("IMPORT") ? add.slice(1) : add;
    const server = `${writeImports(imports, isModule)}\n${code
      .replace("IMPORT", add[0] ?? "")
      .replace("GUARD", () => adapt(place.join("\n")))}${TOOLS(name)}\n`;
    const file = join(folder, "server.js");
    writeFileSync(file, server);
    await startServer(ctx, file, { ...env, PORT: new URL(url).port });
    const verified = await runProcess("sh", ["-c", check], { env, cwd: folder });
    expect({ ...verified, server }).toMatchObject({ status: 0, stdout: expect.stringMatching(/outcome +enforced/) });
  });

  test.for(["an ES module", "CommonJS"])("has a guarded stdio server as %s", async (kind) => {
    const isModule = kind === "an ES module";
    const { mcpKeys, folder, env } = await withProject(isModule);
    const { stdout } = await mcpKeys(["init", "--framework", "stdio", "--name", "laptop", "--json"], { cwd: folder });
    const { add, check } = readSteps(stdout);
    const imports = {
      "@modelcontextprotocol/sdk/server/mcp.js": "{ McpServer }",
      "@modelcontextprotocol/sdk/server/stdio.js": "{ StdioServerTransport }",
    };
    const start = "createTools().connect(new StdioServerTransport());";
    const line = add.join("\n");
    const server = isModule
      ? `${line}\n${writeImports(imports, true)}\n${start}`
      : `${writeImports(imports, false)}\nmain();\nasync function main() {\n  ${line}\n  ${start}\n}`;
    writeFileSync(join(folder, "server.js"), `${server}${TOOLS("stdio")}\n`);
    const command = check.replace("<your server>", `'${process.execPath}' server.js`);
    const tested = await runProcess("sh", ["-c", command], { env, cwd: folder });
    expect({ ...tested, server }).toMatchObject({ status: 0, stdout: expect.stringContaining("protected") });
    expect(readFileSync(join(folder, "laptop.key"), "utf8")).toMatch(/^mcp_/);
  });
});
