import type { RequestListener } from "node:http";
import express, { type RequestHandler } from "express";
import { describe, expect, onTestFinished, test } from "vitest";
import { parseKeyHeader } from "../../src/probe/mcp/key-header.ts";
import { isBroken } from "../../src/probe/report/conclude.ts";
import type { Report } from "../../src/probe/report/report.ts";
import { Secret } from "../../src/core/secret.ts";
import { guardNode } from "../../src/server/node/guard-node.ts";
import { createFixture } from "../server/fixture.ts";
import { listen } from "../servers/listen.ts";
import { startStateful } from "../servers/sdk-v1.ts";
import { startSdkServer, type Guard } from "../servers/sdk.ts";
import { startServer, type Mistake } from "./servers/configurable-server.ts";
import { readingFrom } from "./servers/other-header.ts";
import { caughtIn, probeAt } from "./servers/probing.ts";
import { during, TOKEN, verify } from "./verify/verifying.ts";

const X_API_KEY = parseKeyHeader("X-API-Key");

const HEADERS = ["X-API-Key", "X-Proxy-Auth: Bearer", "Authorization: ApiKey", "Authorization:"];
const ERAS: Readonly<Record<string, Mistake>> = {
  "both eras": {},
  "the modern era": { eras: "modern" },
  "the legacy era, with sessions": { eras: "legacy", stateful: true },
  "HTTP+SSE": { eras: "sse" },
};
const SERVERS = HEADERS.flatMap((header) => Object.entries(ERAS).map(([era, mistake]) => ({ header, era, mistake })));

describe.each(SERVERS)("a server that reads $header and speaks $era", ({ header: text, mistake }) => {
  const header = parseKeyHeader(text);

  test("passes verify and every check with --header, and refuses the key without", async () => {
    const { url } = await during(startServer([TOKEN.reveal()], { ...mistake, ...readingFrom(header) }));
    expect(await verify(url, TOKEN, { header })).toMatchObject({ outcome: "enforced", bogus: { status: 401 } });
    expect(await verify(url)).toMatchObject({ outcome: "refused", presented: { status: 401 } });
    const report = await probeAt(url, { header });
    expect(caughtIn(report)).toEqual([]);
    expect(report).toMatchObject({ result: "protected", grade: "A+" });
    expect(untestableIn(report)).toEqual(
      text === "Authorization: ApiKey" ? ONLY_BEARER : [...ONLY_BEARER, ...ONLY_SCHEMES].sort(),
    );
  });

  test("is caught if it accepts any key in that header", async () => {
    const { url } = await during(
      startServer([TOKEN.reveal()], { ...mistake, ...readingFrom(header), knows: () => true }),
    );
    expect(await verify(url, TOKEN, { header })).toMatchObject({ outcome: "not-enforced", anonymous: { status: 401 } });
    expect(caughtIn(await probeAt(url, { header, only: ["rejects-bogus-key"] }))).toEqual(["rejects-bogus-key"]);
  });
});

test.each<readonly [header: string, start: string]>([
  ...HEADERS.map((header): [string, string] => [header, "Token "]),
  ["X-Proxy-Auth: Bearer", "Bearer "],
  ["Authorization: ApiKey", "Bearer "],
  ["X-API-Key", "mcp_"],
])(
  "a server that reads %s is caught if it accepts anything that starts with %j in Authorization",
  async (text, start) => {
    const header = parseKeyHeader(text);
    const { url } = await during(
      startServer([TOKEN.reveal()], {
        ...readingFrom(header),
        isGuarded: ({ headers }) => headers.authorization?.startsWith(start) !== true,
      }),
    );
    const report = await probeAt(url, { header, only: ["rejects-bogus-key*"] });
    expect(caughtIn(report)).toEqual(["rejects-bogus-key-in-other-scheme"]);
  },
);

/** Checks of what a standard says about `Bearer`, or about any scheme in `Authorization`. None of them is about access. */
const ONLY_BEARER = [
  "challenge-names-bearer",
  "omits-error-without-key",
  "rejects-key-in-other-scheme",
  "sends-invalid-token",
];
const ONLY_SCHEMES = ["accepts-scheme-in-any-case", "rejects-key-without-scheme", "sends-challenge"];

function untestableIn({ findings }: Report): string[] {
  return findings
    .filter(({ observed }) => observed.startsWith("the key is not sent "))
    .map(({ id }) => id)
    .sort();
}

test.each([
  ["a scheme that matches only as written", "accepts-scheme-in-any-case", /^ApiKey (\S+)$/],
  ["a key without the scheme", "rejects-key-without-scheme", /^(?:ApiKey )?(\S+)$/i],
])("a server with another scheme in Authorization is judged by it: %s", async (_, id, form) => {
  const header = parseKeyHeader("Authorization: ApiKey");
  const { url } = await during(
    startServer([TOKEN.reveal()], {
      ...readingFrom(header),
      tokenOf: ({ headers }) => form.exec(headers.authorization ?? "")?.[1] ?? "",
    }),
  );
  expect(caughtIn(await probeAt(url, { header }))).toEqual([id]);
});

test("the preflight asks for the header that carries the key", async () => {
  const asked: unknown[] = [];
  const { url } = await during(
    startServer([TOKEN.reveal()], {
      ...readingFrom(X_API_KEY),
      knowsOrigin: () => true,
      preflight({ headers }, response) {
        asked.push(headers["access-control-request-headers"]);
        response.writeHead(204).end();
      },
    }),
  );
  await probeAt(url, { header: X_API_KEY, only: ["restricts-cors"] });
  expect(asked).toEqual(["x-api-key, content-type, mcp-protocol-version"]);
});

describe("our guard with apiKeyHeader", () => {
  test.each(["v1-stateful", "v1-sse", "v2-dual"] as const)("gets A+ in front of %s", async (kind) => {
    const { verifier, issue } = await createFixture();
    const [key, second] = [new Secret(await issue("ci")), new Secret(await issue("other"))];
    const { url } = await during(startSdkServer(kind, { guard: guardNode(verifier, { apiKeyHeader: "X-API-Key" }) }));
    expect(await verify(url, key, { header: X_API_KEY })).toMatchObject({ outcome: "enforced" });
    expect(await verify(url, key)).toMatchObject({ outcome: "enforced" });
    const report = await probeAt(url, { key, secondKey: second, header: X_API_KEY });
    expect(report.findings.filter(isBroken)).toEqual([]);
    expect(report).toMatchObject({ result: "protected", grade: "A+" });
  });

  test("gets A+ in an Express app, and refuses the header without the option", async () => {
    const { verifier, issue } = await createFixture();
    const key = new Secret(await issue("ci"));
    const start = (guard: Guard) => {
      const { handler, close } = startStateful();
      onTestFinished(close);
      const app = express();
      app.set("env", "production");
      app.use("/mcp", guard as RequestHandler, express.json(), (request, response) => {
        void handler(request, response, request.body);
      });
      return during(listen(app as RequestListener));
    };
    const { url } = await start(guardNode(verifier, { apiKeyHeader: "X-API-Key" }));
    expect(await verify(url, key, { header: X_API_KEY })).toMatchObject({ outcome: "enforced" });
    expect(await probeAt(url, { key, header: X_API_KEY })).toMatchObject({ result: "protected", grade: "A+" });
    const plain = await start(guardNode(verifier));
    expect(await verify(plain.url, key, { header: X_API_KEY })).toMatchObject({
      ...{ outcome: "refused", hint: expect.stringContaining("reads it from the header x-api-key") },
    });
  });
});
