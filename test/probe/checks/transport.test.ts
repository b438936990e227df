import { expect, test } from "vitest";
import { createHttpRequest } from "../../../src/http/client.ts";
import { tlsOf } from "../../../src/http/tls.ts";
import type { Finding, Report } from "../../../src/probe/report/report.ts";
import { listen } from "../../servers/listen.ts";
import { ServerBehavior } from "../servers/configurable-server.ts";
import { probeAt } from "../servers/probing.ts";
import { tlsServer } from "../servers/tls-server.ts";
import { during, TOKEN } from "../verify/verifying.ts";

function finding({ findings }: Report, id: string): Finding {
  const found = findings.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no finding of ${id}`);
  return found;
}

test.each([
  ["that is self-signed", {}, "tls-trusted", /self-signed/],
  ["that has expired", { days: -1 }, "tls-trusted", /expired/],
  ["for another host", { host: "mcp.example.com" }, "tls-host-matches", /does not name 127\.0\.0\.1/],
] as const)("sends nothing to a server with a certificate %s", async (_, made, id, observed) => {
  const { start, request } = tlsServer(made);
  const server = await during(start());
  const report = await probeAt(server.url, id === "tls-trusted" && !("days" in made) ? {} : { request });
  expect(server.seen).toEqual([]);
  expect(report).toMatchObject({ ok: false, result: "inconclusive", grade: null, sent: { wrong: 0 } });
  expect(finding(report, id)).toMatchObject({ status: "fail", observed: expect.stringMatching(observed) });
  const others = report.findings.filter((one) => one.group !== "transport");
  expect(new Set(others.map(({ status }) => status))).toEqual(new Set(["untestable"]));
  expect(others[0]?.observed).toContain("the certificate is not valid");
});

test("sends one request over TLS 1.1, without the key", async () => {
  const seen: { readonly protocol: string | undefined; readonly authorization: string | undefined }[] = [];
  const old = tlsServer(
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
  expect(finding(report, "rejects-old-tls")).toMatchObject({ status: "fail", observed: "TLSv1.1 is accepted" });
  expect(seen.filter(({ protocol }) => protocol !== "TLSv1.3")).toEqual([
    { protocol: "TLSv1.1", authorization: undefined },
  ]);
});

test("does not follow a redirect, and reports its target without the query", async () => {
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

test("does not trust a certificate because of its name alone", async () => {
  // The two certificates have the same name and different keys.
  const { start } = tlsServer();
  const { request } = tlsServer();
  const { url } = await during(start());
  expect(finding(await probeAt(url, { request }), "tls-trusted")).toMatchObject({
    ...{ status: "fail", observed: expect.stringMatching(/self-signed|does not trust/) },
  });
  expect(finding(await probeAt(url, { request: createHttpRequest() }), "tls-trusted")).toMatchObject({
    status: "fail",
  });
});
