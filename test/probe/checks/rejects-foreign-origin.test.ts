import { expect, test } from "vitest";
import { createHttpRequest } from "../../../src/http/client.ts";
import type { HttpRequest } from "../../../src/http/http.ts";
import { foreignOrigins } from "../../../src/probe/judge/foreign-origin.ts";
import type { Finding } from "../../../src/probe/report/report.ts";
import { ServerBehavior, startServer, type Mistake } from "../servers/configurable-server.ts";
import { probeAt } from "../servers/probing.ts";
import { during, TOKEN } from "../verify/verifying.ts";

const REMOTE = "http://mcp.example.com/mcp";

/** Probes a server of this machine as if it were on another one. */
async function probeRemote(mistake: Mistake): Promise<Finding> {
  const { url } = await during(startServer([TOKEN.reveal()], { knowsHost: () => true, ...mistake }));
  const send = createHttpRequest();
  const request: HttpRequest = (init) => send({ ...init, url: new URL(url) });
  const report = await probeAt(REMOTE, { request, allowHttp: true, only: ["rejects-foreign-origin"] });
  return report.findings[0]!;
}

test("is a SHOULD for a remote server that takes only keys, and says why", async () => {
  expect(await probeRemote({ knowsOrigin: () => true })).toMatchObject({
    ...{ status: "warn", level: "should", observed: expect.stringContaining("a page does not have the key") },
  });
});

test("is a MUST for a remote server that sets cookies", async () => {
  const finding = await probeRemote({
    knowsOrigin: () => true,
    handle(request, response) {
      response.setHeader("set-cookie", "session=1; HttpOnly");
      return ServerBehavior.prototype.handle.call(this, request, response);
    },
  });
  expect(finding).toMatchObject({ status: "fail", level: "must", observed: expect.stringContaining("sets cookies") });
});

test("is a MUST for a server on this machine, and a note if it trusts only its own host", async () => {
  const levels: string[] = [];
  for (const knowsOrigin of [() => true, trustsOwnHost]) {
    const { url } = await during(startServer([TOKEN.reveal()], { knowsOrigin }));
    const { findings } = await probeAt(url, { only: ["rejects-foreign-origin"] });
    levels.push(...findings.map(({ status }) => status));
  }
  expect(levels).toEqual(["fail", "info"]);
});

function trustsOwnHost({ headers }: { headers: { origin?: string | undefined } }): boolean {
  return headers.origin === undefined || new URL(headers.origin, "http://none").hostname === "127.0.0.1";
}

test.each([
  "http://127.0.0.1:3000/mcp",
  "http://[::1]:3000/mcp",
  "http://localhost:3000/mcp",
  "https://mcp.example.com/mcp",
  "https://mcp.example.com:8443/mcp",
])("sends %s only origins that a browser can send, and never its own", (text) => {
  const url = new URL(text);
  const origins = foreignOrigins({ url }).map(({ origin }) => origin);
  for (const origin of origins) if (origin !== "null") expect(new URL(origin).origin).toBe(origin);
  expect(origins).not.toContain(url.origin);
  expect(new Set(origins).size).toBe(origins.length);
  expect(origins).toContain("https://foreign.example");
});

test("sends the origins that pass a comparison with the start of an address", () => {
  const origins = foreignOrigins({ url: new URL("http://127.0.0.1:3000/mcp") }).map(({ origin }) => origin);
  expect(origins).toContain("http://127.0.0.1.foreign.example:3000");
  expect(origins).toContain("http://127.0.0.1.foreign.example");
});
