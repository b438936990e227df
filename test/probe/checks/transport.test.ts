import { expect, test } from "vitest";
import { createHttpRequest } from "../../../src/http/client.ts";
import { tlsOf } from "../../../src/http/tls.ts";
import type { Finding, Report } from "../../../src/probe/report/report.ts";
import { listen } from "../../servers/listen.ts";
import { ServerBehavior } from "../servers/configurable-server.ts";
import { probeAt } from "../servers/probing.ts";
import { secureServer } from "../servers/secure.ts";
import { during, TOKEN } from "../verify/verifying.ts";

function finding({ findings }: Report, id: string): Finding {
  const found = findings.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no finding of ${id}`);
  return found;
}

test.each([
  ["signed by nobody", {}, "tls-trusted", /self-signed/],
  ["that has expired", { days: -1 }, "tls-trusted", /expired/],
  ["of another host", { host: "mcp.example.com" }, "tls-host-matches", /does not name 127\.0\.0\.1/],
] as const)(
  "to a server with a certificate %s nothing is sent, and nothing is proven",
  async (_, made, id, observed) => {
    const { start, request } = secureServer(made);
    const server = await during(start());
    const report = await probeAt(server.url, id === "tls-trusted" && !("days" in made) ? {} : { request });
    expect(server.seen).toEqual([]);
    expect(report).toMatchObject({ ok: false, result: "inconclusive", grade: null, sent: { wrong: 0 } });
    expect(finding(report, id)).toMatchObject({ status: "fail", observed: expect.stringMatching(observed) });
    const others = report.findings.filter((one) => one.group !== "transport");
    expect(new Set(others.map(({ status }) => status))).toEqual(new Set(["untestable"]));
    expect(others[0]?.observed).toContain("the certificate does not hold");
  },
);

test("over TLS 1.1 one request goes out, and no key", async () => {
  const seen: { readonly protocol: string | undefined; readonly authorization: string | undefined }[] = [];
  const old = secureServer(
    {},
    { minVersion: "TLSv1", ciphers: "DEFAULT:@SECLEVEL=0" },
    {
      handle(request, response) {
        const protocol = tlsOf(request.socket)?.protocol;
        seen.push({ protocol, authorization: request.headers.authorization });
        return ServerBehavior.prototype.handle.call(this, request, response);
      },
    },
  );
  const { url } = await during(old.start());
  const report = await probeAt(url, { request: old.request, only: ["rejects-old-tls"] });
  expect(finding(report, "rejects-old-tls")).toMatchObject({ status: "fail", observed: "TLSv1.1 is spoken too" });
  expect(seen.filter(({ protocol }) => protocol !== "TLSv1.3")).toEqual([
    { protocol: "TLSv1.1", authorization: undefined },
  ]);
});

test("the address that a server redirects to gets nothing, and is named without its query", async () => {
  const target = await during(listen((_, response) => response.end()));
  const { url } = await during(
    listen((_, response) => {
      response.writeHead(307, { location: `${target.url}?token=${TOKEN.reveal()}` }).end();
    }),
  );
  const report = await probeAt(url);
  expect(target.seen).toEqual([]);
  expect(finding(report, "no-redirect-to-other-origin")).toMatchObject({
    status: "fail",
    observed: `307 to ${target.url}`,
  });
  expect(report.result).toBe("inconclusive");
  expect(JSON.stringify(report)).not.toContain(TOKEN.reveal().slice(17, 30));
});

test("a certificate that is trusted by name alone is not trusted", async () => {
  // Of the same name as the one that is trusted, with a key of its own.
  const { start } = secureServer();
  const { request } = secureServer();
  const { url } = await during(start());
  expect(finding(await probeAt(url, { request }), "tls-trusted")).toMatchObject({
    ...{ status: "fail", observed: expect.stringMatching(/self-signed|nobody known/) },
  });
  expect(finding(await probeAt(url, { request: createHttpRequest() }), "tls-trusted")).toMatchObject({
    status: "fail",
  });
});
