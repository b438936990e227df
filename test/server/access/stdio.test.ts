import { expect, test } from "vitest";
import type { AccessRecord } from "../../../src/server/access/access-record.ts";
import { requireApiKeyFromEnv } from "../../../src/server/stdio.ts";
import { createFixture } from "../fixture.ts";

test("a stdio server records its one check, accepted or not, without the token", async () => {
  const { store, keys, clock, issue } = await createFixture();
  const token = await issue("ci");
  const records: AccessRecord[] = [];
  const lines: string[] = [];
  const check = (env: Record<string, string>) =>
    requireApiKeyFromEnv({
      ...{ store, env, now: () => clock.now },
      ...{ onAccess: (record) => records.push(record), accessLog: (line) => lines.push(line) },
    }).catch(() => null);
  await check({ MCP_API_KEY: token });
  await check({});
  await check({ MCP_API_KEY: `"${token}"` });
  await keys.disable("ci");
  await check({ MCP_API_KEY: token });
  expect(records.map(({ verdict, reason, key }) => [verdict, reason, key?.name])).toEqual([
    ["accepted", null, "ci"],
    ["refused", "missing", undefined],
    ["refused", "malformed", undefined],
    ["refused", "disabled", "ci"],
  ]);
  expect(records[0]).toMatchObject({ http: null, method: null, tool: null, ms: null, position: null, address: null });
  expect(lines.join("\n")).not.toContain(token);
});
