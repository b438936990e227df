import { once } from "node:events";
import { connect, createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { describe, expect, onTestFinished, test } from "vitest";
import { guardNode } from "../../../src/server/node/guard-node.ts";
import { OwnHosts } from "../../../src/server/guard/own-hosts.ts";
import { createFixture } from "../fixture.ts";
import { adapters } from "./adapters.ts";
import { startGuarded } from "./guarded.ts";

const AUDIENCE = "https://mcp.example/mcp";

describe.each(Object.keys(adapters))("%s", (name) => {
  test("refuses a page that gave its own name this server's address (DNS rebinding)", async () => {
    const { ask, key, lines } = await startGuarded(name, {});
    const rebound = { host: "evil.example", headers: [...key, "Origin", "http://evil.example"] };
    const got = await ask(rebound);
    expect(got).toMatchObject({ status: 403, auth: null, received: null });
    expect(JSON.parse(got.body)).toMatchObject({ error: "forbidden_origin" });
    expect(lines.join("\n")).toContain(
      'refused (forbidden-origin): Origin "http://evil.example", Host "evil.example": ' +
        "if this host is your server, add its name to allowedHosts or set audience",
    );
    // Without an Origin the name of the host does not matter.
    expect(await ask({ ...rebound, headers: key })).toMatchObject({ status: 200 });
    for (const header of ["X-Forwarded-Host", "Forwarded", "X-Host"]) {
      const value = header === "Forwarded" ? "host=localhost" : "localhost";
      expect(await ask({ ...rebound, headers: [...rebound.headers, header, value] })).toMatchObject({ status: 403 });
    }
  });

  test("accepts pages of the hosts in allowedHosts and in audience", async () => {
    const { ask, key } = await startGuarded(name, { allowedHosts: ["Intranet"], audience: AUDIENCE });
    const from = async (origin: string, host: string) =>
      (await ask({ host, headers: [...key, "Origin", origin] })).status;
    expect(await from("https://mcp.example", "mcp.example")).toBe(200);
    expect(await from("http://intranet:8080", "intranet:3000")).toBe(200);
    // A proxy that does not pass Host on.
    expect(await from("https://mcp.example", "127.0.0.1:3000")).toBe(200);
    expect(await from("https://mcp.example", "evil.example")).toBe(403);
    expect(await from("https://evil.example", "mcp.example")).toBe(403);
    expect(await from("http://localhost:3000", "mcp.example")).toBe(403);
  });
});

test("takes the audience of the verifier, and names allowedOrigins in the log if the host is known", async () => {
  const { verifier, issue, lines } = await createFixture({ audience: AUDIENCE });
  const adapter = await adapters["node:http"]!(verifier, {});
  onTestFinished(() => adapter.close());
  const key = ["Authorization", `Bearer ${await issue("ci")}`];
  const host = "mcp.example";
  expect(await adapter.ask({ host, headers: [...key, "Origin", "https://mcp.example"] })).toMatchObject({
    status: 200,
  });
  expect(await adapter.ask({ host, headers: [...key, "Origin", "https://app.example"] })).toMatchObject({
    status: 403,
  });
  expect(lines.join("\n")).toContain("if you trust this page, add its origin to allowedOrigins");
});

test("limits the lines about origins in the log, and their length", async () => {
  const { ask, lines } = await startGuarded("fetch", {});
  lines.length = 0;
  for (let i = 0; i < 30; i++) await ask({ headers: ["Origin", `http://${"a".repeat(5000)}.example`] });
  expect(lines).toHaveLength(10);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(300);
});

test("reads the host from :authority over HTTP/2", async () => {
  const { verifier, issue } = await createFixture();
  const authorization = `Bearer ${await issue("ci")}`;
  const guard = guardNode(verifier, { allowedHosts: ["mcp.example"] });
  const server = createServer((request, response) =>
    guard(request as never, response as never, () => void response.end("in")),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  onTestFinished(() => client.destroy());
  const ask = async (headers: Record<string, string>) => {
    const stream = client.request({ ":path": "/mcp", authorization, ...headers });
    const [head] = (await once(stream, "response")) as [Record<string, unknown>];
    await text(stream);
    return head[":status"];
  };
  const origin = "https://evil.example";
  expect(await ask({ ":authority": "evil.example", origin })).toBe(403);
  expect(await ask({ ":authority": "evil.example" })).toBe(200);
  expect(await ask({ ":authority": "mcp.example", origin: "https://mcp.example" })).toBe(200);
  expect(await ask({ ":authority": "mcp.example", host: "mcp.example", origin: "https://mcp.example" })).toBe(200);
  // One of the two names is known, but which of them the browser asked for is not.
  for (const [authority, host] of [
    ["evil.example", "mcp.example"] as const,
    ["mcp.example", "evil.example"] as const,
  ]) {
    expect(await ask({ ":authority": authority, host, origin: "https://mcp.example" })).not.toBe(200);
  }
});

test("prefers the Host that the browser sent to the URL of a Request, which some frameworks fill in", async () => {
  const { ask, key } = await startGuarded("fetch", {});
  const headers = [...key, "Host", "evil.example", "Origin", "http://localhost:6274"];
  expect(await ask({ host: "localhost:3000", headers })).toMatchObject({ status: 403 });
});

describe("hosts", () => {
  const hosts = new OwnHosts(["mcp.example", "192.168.1.5", "[2001:DB8::1]"]);

  test.each([
    ["localhost", true],
    ["LocalHost:3000", true],
    ["localhost.:3000", true],
    ["app.localhost", true],
    ["127.0.0.1", true],
    ["127.8.9.1:80", true],
    ["[::1]:3000", true],
    ["[0:0:0:0:0:0:0:1]", true],
    ["mcp.example", true],
    ["MCP.EXAMPLE.:443", true],
    ["192.168.1.5:3000", true],
    ["[2001:db8:0::1]", true],
    // Not a name of one host: a page may be of any address of this machine.
    ["0.0.0.0:3000", false],
    ["[::]:3000", false],
    ["192.168.1.6", false],
    ["evil.example", false],
    ["mcp.example.evil.example", false],
    ["localhost.evil.example", false],
    ["127.0.0.1.evil.example", false],
    ["notlocalhost", false],
    ["localhost@evil.example", false],
    ["evil.example@localhost", false],
    ["evil.example#localhost", false],
    ["localhost/", false],
    ["localhost, evil.example", false],
    ["localhost:80:80", false],
    ["localhost:99999", false],
    ["::1", false],
    ["[::1", false],
    ["", false],
    [" localhost", false],
    ["mcp.ex\u00e4mple", false],
  ])("knows the Host '%s': %s", (host, isKnown) => {
    expect(hosts.isKnown(host)).toBe(isKnown);
  });

  test.each([
    ["https://mcp.example", "mcp.example", true],
    ["http://mcp.example", "mcp.example", true],
    ["HTTPS://MCP.EXAMPLE.", "mcp.example:8443", true],
    ["https://mcp.example:443", "mcp.example", true],
    ["http://[2001:db8::1]:8080", "[2001:db8::1]", true],
    ["http://localhost", "127.0.0.1:3000", true],
    ["http://0x7f.1", "localhost", true],
    ["http://0.0.0.0:3000", "localhost:3000", false],
    ["http://localhost", "mcp.example", false],
    ["https://user@mcp.example", "mcp.example", false],
    ["https://mcp.example/", "mcp.example", false],
    ["https://mcp.example, https://mcp.example", "mcp.example", false],
    ["ws://mcp.example", "mcp.example", false],
    ["chrome-extension://localhost", "localhost", false],
    ["mcp.example", "mcp.example", false],
    ["null", "mcp.example", false],
    ["null", "null", false],
    ["", "", false],
    ["https://mcp.example", null, false],
  ])("takes a page of '%s' at the Host '%s' as its own: %s", (origin, host, isOwn) => {
    expect(hosts.isOwnPage(origin, host)).toBe(isOwn);
  });
});

test.each([
  [{ allowedHosts: ["https://mcp.example"] }, "is not a host name"],
  [{ allowedHosts: ["mcp.example:3000"] }, "is not a host name"],
  [{ allowedHosts: ["*.example"] }, "is not a host name"],
  [{ allowedHosts: ["::1"] }, "is not a host name"],
  [{ allowedHosts: [""] }, "is not a host name"],
  [{ allowedHosts: "mcp.example" }, "not an array of strings"],
  [{ allowedHosts: ["mcp.example"], allowedOrigins: ["https://app.example"] }, "has no effect with a list"],
  [{ allowedHeaders: ["X-Tenant"] }, "has no effect without a list"],
  [{ allowedHeaders: ["X-Tenant"], allowedOrigins: "any" }, "has no effect without a list"],
  [{ allowedHeaders: ["*"], allowedOrigins: ["https://app.example"] }, "is not the name of a header"],
  [{ allowedHeaders: ["A, B"], allowedOrigins: ["https://app.example"] }, "is not the name of a header"],
] as const)("rejects the options %j", async (options, message) => {
  const { verifier } = await createFixture();
  expect(() => guardNode(verifier, options as never)).toThrow(
    expect.objectContaining({ code: "USAGE", message: expect.stringContaining(message) as string }),
  );
});
