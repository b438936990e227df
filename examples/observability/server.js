// An MCP server that shows what happens: /metrics for Prometheus, the same metrics for OpenTelemetry, and a line of JSON for each call.
//   mcp-keys generate ci && node server.js
import { createServer } from "node:http";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { ConsoleMetricExporter, MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { createVerifier, guardNode, instrument, openStore } from "mcp-keys";

const verifier = await createVerifier({ store: await openStore(), log: console.error, accessLog: console.error });
const guard = guardNode(verifier);

// Prints to standard output once a minute. In production, use an exporter for OTLP instead.
const reader = new PeriodicExportingMetricReader({ exporter: new ConsoleMetricExporter() });
const provider = new MeterProvider({ readers: [reader] });
instrument(verifier, provider.getMeter("mcp-keys"));

const listener = createServer((request, response) => {
  // Only this machine reaches the server. In production, serve the metrics on a port that only Prometheus reaches.
  if (request.url === "/metrics") void sendMetrics(response);
  else guard(request, response, () => answer(request, response));
});

async function sendMetrics(response) {
  const text = await verifier.metrics();
  response.writeHead(200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" });
  response.end(text);
}

async function answer(request, response) {
  // A new transport and server for each request: no sessions.
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined, enableJsonResponse: true });
  response.on("close", () => void transport.close());
  await createTools().connect(transport);
  // The guard has read the body for the access record, and leaves it parsed.
  await transport.handleRequest(request, response, request.body);
}

function createTools() {
  const server = new McpServer({ name: "observability", version: "1.0.0" });
  server.registerTool("whoami", { description: "Names the key of the caller" }, ({ authInfo }) => ({
    content: [{ type: "text", text: authInfo.extra.keyName }],
  }));
  return server;
}

listener.listen(Number(process.env.PORT ?? 3000), "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${listener.address().port}/mcp`);
});

process.once("SIGTERM", () => {
  listener.close();
  listener.closeAllConnections();
  void provider.shutdown();
  // Writes the last-used times.
  void verifier.close();
});
