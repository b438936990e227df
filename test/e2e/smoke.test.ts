import { expect, test } from "vitest";
import { createProcesses } from "./process.ts";

test("the built command line issues a key, and accepts it and nothing else", async () => {
  const { mcpKeys } = createProcesses();
  const generated = await mcpKeys(["generate", "ci"]);
  expect(generated.status).toBe(0);
  expect(await mcpKeys(["check"], { stdin: generated.stdout })).toMatchObject({ status: 0 });
  expect(await mcpKeys(["check"], { stdin: "mcp_000000000000_0000" })).toMatchObject({ status: 4 });
});
