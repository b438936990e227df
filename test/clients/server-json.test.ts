import { expect, test } from "vitest";
import { z } from "zod";
import { editConfig } from "../../src/clients/edit/edit-config.ts";
import { clients } from "../../src/clients/index.ts";

/**
 * What the schema of 2025-12-11 says about servers that are reached over HTTP. It allows members that it does not name; here they are
 * refused, so a misspelled one is found.
 * @see https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json
 */
const inputMembers = {
  ...{ description: z.string().optional(), isRequired: z.boolean().optional(), isSecret: z.boolean().optional() },
  ...{ value: z.string().optional(), default: z.string().optional(), placeholder: z.string().optional() },
  ...{
    choices: z.array(z.string()).optional(),
    format: z.enum(["string", "number", "boolean", "filepath"]).optional(),
  },
};
const variables = z.record(z.string(), z.strictObject(inputMembers));
const remote = z.strictObject({
  ...{ type: z.enum(["streamable-http", "sse"]), url: z.url(), variables: variables.optional() },
  headers: z.array(z.strictObject({ name: z.string(), ...inputMembers, variables: variables.optional() })).optional(),
});
const serverFile = z.strictObject({
  $schema: z.url().optional(),
  name: z
    .string()
    .regex(/^[a-zA-Z0-9.-]+\/[a-zA-Z0-9._-]+$/)
    .max(200),
  ...{ description: z.string().min(1).max(100), version: z.string().max(255) },
  remotes: z.array(remote),
});

const file = {
  $schema: "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json",
  ...{ name: "io.github.ada/notes", description: "Notes of a team", version: "1.0.0" },
};
const server = { url: "https://mcp.example.com/mcp", serverName: "notes", envName: "MCP_API_KEY" };
const install = (before: object): unknown =>
  JSON.parse(
    editConfig(JSON.stringify(before, null, 2), clients["server-json"].entries(server), {
      ...{ syntax: "json", force: false, source: "server.json" },
    }),
  );

test.each([
  ["without remotes", file, 1],
  ["with another remote", { ...file, remotes: [{ type: "sse", url: "https://mcp.example.com/sse" }] }, 2],
])("server.json %s is valid by the registry's schema after --install", (_, before, count) => {
  const { remotes, ...others } = serverFile.parse(install(before));
  expect(others).toEqual(file);
  expect(remotes).toHaveLength(count);
  const [header] = remotes.find(({ url }) => url === server.url)?.headers ?? [];
  expect(header).toMatchObject({ name: "Authorization", isRequired: true, isSecret: true });
  // Text in braces that is not a variable is sent as it is.
  const named = [...(header?.value ?? "").matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  expect(named).toEqual(Object.keys(header?.variables ?? {}));
  expect(header?.variables).toMatchObject({ api_key: { isRequired: true, isSecret: true } });
});
