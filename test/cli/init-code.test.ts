import { beforeAll, describe, expect, test } from "vitest";
import { FRAMEWORK_NAMES } from "../../src/cli/init/framework-names.ts";
import { frameworks } from "../../src/cli/init/frameworks.ts";
import { readPage } from "../docs/markdown.ts";
import { openSources, type Sample, type Sources } from "../docs/samples.ts";

/** What the lines of each framework find in a server. */
const SERVERS: Readonly<Record<string, string>> = {
  express: 'import express from "express";\nconst app = express();\n',
  fastify: 'import fastify from "fastify";\nconst app = fastify();\n',
  hono: 'import { Hono } from "hono";\nconst app = new Hono();\n',
  node: 'import { createServer, type RequestListener } from "node:http";\ndeclare const listener: RequestListener;\n',
  fetch: "declare const request: Request;\n",
};
const HANDLER =
  'import type { AuthInfo } from "./index.ts";\ndeclare const handler: { fetch(request: Request, options: { authInfo?: AuthInfo | undefined }): Promise<Response> };\n';

const guarded = FRAMEWORK_NAMES.filter((name) => frameworks[name].guard !== undefined);
const samples = guarded.flatMap((name) =>
  [true, false].flatMap((isModule): Sample[] => {
    const { guard, use } = frameworks[name];
    const file = `${name}-${isModule ? "module" : "common"}`;
    const code = guard!({ store: "file:/srv/keys.jsonl", isTypeScript: true, isModule });
    const lines = use({ from: `./guard-${file}.ts`, isModule }, "/mcp")
      .join("\n")
      .replace("(request) =>", "(request: Request) =>");
    return [
      { path: `src/guard-${file}.ts`, text: code.replace('from "mcp-keys"', 'from "./index.ts"'), line: 1 },
      {
        path: `src/server-${file}.ts`,
        text: `${SERVERS[name] ?? ""}${HANDLER}${lines}\n${name === "fetch" ? "void response;" : ""}\nexport {};\n`,
        line: 1,
      },
    ];
  }),
);

describe("the code that init writes and shows", () => {
  let sources: Sources;
  beforeAll(() => {
    sources = openSources(samples, []);
  });

  test.each(samples)("$path compiles", (sample) => {
    expect(sources.faults(sample)).toEqual([]);
  });

  test.each(guarded)("%s uses the guard that docs/server.md shows", (name) => {
    const text = frameworks[name].guard!({ store: null, isTypeScript: true, isModule: true });
    const [, imports] = /import \{ ([^}]+) \} from "mcp-keys"/.exec(text)!;
    const blocks = readPage("docs/server.md").blocks.map((block) => block.text);
    expect(blocks.some((block) => block.includes(`import { ${imports!} } from "mcp-keys"`))).toBe(true);
    for (const isModule of [true, false]) {
      const script = frameworks[name].guard!({ store: null, isTypeScript: false, isModule });
      expect(script).not.toMatch(/: (?:unknown|Parameters)/);
    }
  });
});
