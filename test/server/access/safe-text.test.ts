import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { createSafeText } from "../../../src/server/access/safe-text.ts";
import type { RequestView } from "../../../src/server/guard/request-view.ts";
import { createFixture } from "../fixture.ts";
import { adapters } from "../guard/adapters.ts";
import { bearer, call, post } from "../guard/guarded.ts";
import { RUNS } from "../../arbitraries.ts";

const TOKEN = "mcp_000000000000_00000000000000000000000000000000000000000003g2ctG";

function viewOf(headers: Record<string, string>, query = ""): RequestView {
  const header = (name: string) => headers[name] ?? null;
  return { flaw: null, method: "POST", path: "/mcp", host: null, address: null, query, header };
}

test.each([
  ["our token", TOKEN, "[secret]"],
  ["one split by invisible characters", TOKEN.replace("_", "\u200b_\u0000"), "[secret]"],
  ["one far behind", `${"x".repeat(120)} ${TOKEN}`, "[secret]"],
  ["one that is percent-encoded", TOKEN.replaceAll("_", "%5F"), "[secret]"],
  ["one of another service", "ghp_abcdefghijklmnopqrstuvwxyz0123456789", "[secret]"],
  ["a line break and an escape", "a\r\nb\u001b[31m\u2028c\u202e", "a b [31m c"],
  ["an ordinary name", "notes/list", "notes/list"],
  ["a long name", "n".repeat(500), `${"n".repeat(127)}…`],
])("%s in a text", (_, text, expected) => {
  expect(createSafeText(viewOf({}), "x-api-key")(text)).toBe(expected);
});

test.each([
  ["Authorization", viewOf({ authorization: "Bearer hunter2-hunter2" })],
  ["another scheme", viewOf({ authorization: "Token hunter2-hunter2" })],
  ["the header for bare tokens", viewOf({ "x-api-key": "hunter2-hunter2" })],
  ["the URL", viewOf({}, "a=b&access_token=hunter2-hunter2")],
])("a token of the request in any format, from %s, is in no text, whole or in part, in any case", (_, view) => {
  const safe = createSafeText(view, "x-api-key");
  for (const text of ["hunter2-hunter2", "call HUNTER2-hunter", "x hunter2-h y"]) {
    expect(safe(text)?.toLowerCase()).not.toContain("hunter2-");
  }
});

test("any text becomes one short line", () => {
  const safe = createSafeText(viewOf({}), "x-api-key");
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 400 }), (text) => {
      const plain = safe(text)!;
      expect(plain.length).toBeLessThanOrEqual(128);
      expect(plain).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Cf}]/u);
    }),
    { numRuns: RUNS.some },
  );
});

test.each(Object.keys(adapters))(
  "no token is in metrics, records, lines and the log, wherever a client puts it: %s",
  async (name) => {
    const seen: string[] = [];
    const fixture = await createFixture({
      onAccess: (record) => seen.push(JSON.stringify(record)),
      accessLog: (line) => seen.push(line),
      log: (line) => seen.push(line),
    });
    const token = await fixture.issue("ci");
    const adapter = await adapters[name]!(fixture.verifier, { addressOf: (header) => header("x-real-ip") });
    onTestFinished(() => adapter.close());
    const imported = "another-format-0Zp3Kq8Lw1Xv6Bn4";
    await fixture.keys.import({ token: imported, name: "old", expiresAt: null, allowWeak: true });
    await fixture.followed();
    for (const each of [token, imported]) {
      const encoded = `=?base64?${Buffer.from(each).toString("base64")}?=`;
      const headers = ["X-Real-IP", each, "Mcp-Method", "tools/call", "Mcp-Name", encoded];
      for (const authorization of [bearer(each), bearer(`${each}x`), ["Authorization", `Basic ${each}`], []]) {
        const key = each === token || authorization.length > 0 ? authorization : ["X-API-Key", each];
        await adapter.ask(post(key, [call(each), { method: each }, call(`x${each}`)], headers));
        await adapter.ask({ ...post(key, call("x"), headers), query: `?access_token=${each}` });
      }
    }
    const text = seen.join("\n") + (await fixture.verifier.metrics());
    expect(seen.length).toBeGreaterThan(30);
    for (const each of [token, token.slice(-20), imported, imported.slice(8)]) expect(text).not.toContain(each);
  },
);
