import { expect, test } from "vitest";
import { isLoopback, parseServerUrl } from "../../../src/probe/mcp/server-url.ts";
import { Secret } from "../../../src/core/secret.ts";
import { KeysError } from "../../../src/errors.ts";
import { TOKEN } from "../verify/verifying.ts";

const token = TOKEN.reveal();

function refusalOf(text: string, presented: Secret | null = TOKEN): KeysError {
  try {
    parseServerUrl(text, presented);
  } catch (error) {
    if (error instanceof KeysError) return error;
  }
  throw new Error(`not refused: ${text}`);
}

test.each([
  "",
  "mcp.example.com/mcp",
  "localhost:3000/mcp",
  "ftp://mcp.example.com/",
  "file:///etc/passwd",
  "javascript:alert(1)",
  "https://",
  "https://a b/",
  "https://ada:hunter2@mcp.example.com/mcp",
  "https://hunter2@mcp.example.com/mcp",
  "https://mcp.example.com/mcp?api_key=hunter2",
  "https://mcp.example.com/mcp?a=b&Access-Token=hunter2",
  "https://mcp.example.com/mcp?X-API-Key=hunter2",
  "https://mcp.example.com/mcp?token=hunter2",
  `https://mcp.example.com/${token}/mcp`,
  `https://mcp.example.com/mcp?q=${encodeURIComponent(token).replaceAll("_", "%5F")}`,
  `https://mcp.example.com/mcp#${token}`,
  `https://mcp.example.com/mcp?q=${token.replace("7Fq2x9Lm0aBc", "000000000000")}`,
])("rejects %s without quoting it", (text) => {
  const { code, message, hint } = refusalOf(text);
  expect(code).toBe("USAGE");
  expect(`${message} ${hint}`).not.toMatch(/hunter2|7Fq2|passwd|alert/);
});

test("finds the presented token in the URL, in any format", () => {
  expect(refusalOf("https://h.example/hunter2-hunter2", new Secret("hunter2-hunter2"))).toMatchObject({
    code: "USAGE",
  });
  expect(parseServerUrl("https://h.example/hunter2-hunter2", null).pathname).toBe("/hunter2-hunter2");
});

test.each([
  ["https://mcp.example.com", "https://mcp.example.com/"],
  ["HTTPS://MCP.Example.com:443/mcp#top", "https://mcp.example.com/mcp"],
  ["http://[::1]:3000/mcp", "http://[::1]:3000/mcp"],
  ["https://mcp.example.com/mcp?tenant=7&token=", "https://mcp.example.com/mcp?tenant=7&token="],
  ["https://mcp.example.com/100%/mcp", "https://mcp.example.com/100%/mcp"],
])("parses %s as %s", (text, href) => {
  expect(parseServerUrl(text, TOKEN).href).toBe(href);
});

test.each([
  "localhost",
  "LOCALHOST.",
  "mcp.localhost",
  "127.0.0.1",
  "127.9.9.9",
  "127.1",
  "0x7f.1",
  "[::1]",
  "[0:0::1]",
  "0.0.0.0",
  "0",
  "[::]",
  "[::ffff:127.0.0.1]",
  "[::ffff:127.8.9.1]",
  "[::ffff:0.0.0.0]",
  "2130706433",
  "0x7f000001",
  "0177.0.0.1",
  "127.0.1",
  "localhost.",
  "a.b.localhost.",
])("%s is this machine", (host) => {
  expect(isLoopback(new URL(`http://${host}/`))).toBe(true);
});

test.each([
  "mcp.example.com",
  "localhost.example.com",
  "127.0.0.1.example.com",
  "notlocalhost",
  "128.0.0.1",
  "0.0.0.1",
  "[::2]",
  "[::127.0.0.1]",
  "[::ffff:128.0.0.1]",
  "[::ffff:0.0.0.1]",
  "[fe80::1]",
  "134744072",
  "10.0.0.1",
])("%s is another machine", (host) => {
  expect(isLoopback(new URL(`http://${host}/`))).toBe(false);
});
