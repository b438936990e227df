import { expect, test } from "vitest";
import { Secret } from "../../src/core/secret.ts";
import { kubernetes } from "../../src/formats/kubernetes.ts";

function render(serverName?: string, envName = "MCP_API_KEY"): string {
  return kubernetes.render({ token: new Secret("TOKEN"), envName, ...(serverName !== undefined && { serverName }) });
}

test.each([undefined, "a", "9", "my-server", "a.b-c.d0", "a".repeat(253)])("names the Secret %s", (name) => {
  expect(render(name)).toContain(`\n  name: "${name ?? "mcp-api-key"}"\n`);
});

test.each(["", "A", "a_b", "-a", "a-", "a..b", ".a", "a.", "a b", 'a"', "a\n", "ä", "a".repeat(254)])(
  "rejects the name %j",
  (name) => {
    expect(() => render(name)).toThrow(expect.objectContaining({ code: "USAGE" }));
  },
);

test("quotes names that YAML would read as a number, a boolean or null", () => {
  expect(render("10", "NO")).toContain('name: "10"\n');
  expect(render("null", "NO")).toContain('  "NO": "TOKEN"\n');
});
