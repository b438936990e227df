import { expect, test } from "vitest";
import { guessFramework, type ServerFramework } from "../../../src/probe/report/framework.ts";

test.each<[string, ServerFramework | null, Record<string, string>, string]>([
  ["Express, by its header", "express", { "x-powered-by": "Express" }, ""],
  ["Express, by its error page", "express", {}, "<html>\n<pre>Cannot POST /mcp/x</pre>\n</html>"],
  ["Next.js", "next", { "x-powered-by": "Next.js" }, ""],
  ["Fastify", "fastify", {}, '{"message":"Route POST:/x not found","error":"Not Found","statusCode":404}'],
  ["Hono", "hono", {}, "404 Not Found"],
  ["Starlette, by its server", "starlette", { server: "uvicorn" }, ""],
  ["FastAPI, by its errors", "starlette", {}, '{"detail":"Not Found"}'],
  ["Go", "go", {}, "404 page not found\n"],
  ["nothing from a proxy", null, { server: "nginx" }, "<html>404 Not Found</html>"],
  ["nothing from no text", null, {}, ""],
])("recognizes %s", (_, framework, headers, excerpt) => {
  const received = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
  expect(
    guessFramework([
      { headers: {}, excerpt: "{}" },
      { headers: received, excerpt },
    ]),
  ).toBe(framework);
});
