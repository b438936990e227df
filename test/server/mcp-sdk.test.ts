import { InvalidTokenError } from "@modelcontextprotocol/sdk/server/auth/errors.js";
import { requireBearerAuth as requireV1 } from "@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js";
import { OAuthError, OAuthErrorCode, requireBearerAuth as requireV2 } from "@modelcontextprotocol/server";
import express, { type ErrorRequestHandler } from "express";
import { describe, expect, onTestFinished, test } from "vitest";
import { KeysError } from "../../src/errors.ts";
import type { AuthInfo } from "../../src/server/guard/auth-info.ts";
import { createTokenVerifier, type TokenVerifierOptions } from "../../src/server/mcp-sdk.ts";
import type { Verifier } from "../../src/server/verifier/verifier.ts";
import { listen } from "../servers/listen.ts";
import { createFixture, until } from "./fixture.ts";

interface SdkAnswer {
  readonly status: number;
  readonly challenge: string | null;
  readonly body: string;
}
interface Sdk {
  readonly open: (verifier: Verifier, required?: string[], options?: TokenVerifierOptions) => Promise<Ask>;
}
type Ask = (token?: string) => Promise<SdkAnswer>;

const HERE = "https://mcp.example/mcp";

/** The middleware of each SDK with our verifier. An accepted request is answered with its caller. */
const SDKS: Record<string, Sdk> = {
  "sdk 1.x": {
    async open(verifier, requiredScopes = [], options = {}) {
      const tokens = createTokenVerifier(verifier, (message) => new InvalidTokenError(message), options);
      const expected = options.audience === undefined ? {} : { expectedResource: new URL(options.audience) };
      const app = express();
      app.use(requireV1({ verifier: tokens, requiredScopes, ...expected }), (request, response) => {
        response.json(request.auth);
      });
      const quiet: ErrorRequestHandler = (_error, _request, response, _next) => void response.sendStatus(599);
      app.use(quiet);
      const { url, close } = await listen(app);
      onTestFinished(close);
      return async (token) => read(await fetch(url, { headers: bearer(token) }));
    },
  },
  "server 2.x": {
    async open(verifier, requiredScopes = [], options = {}) {
      const refuse = (message: string) => new OAuthError(OAuthErrorCode.InvalidToken, message);
      const tokens = createTokenVerifier(verifier, refuse, options);
      const expected = options.audience === undefined ? {} : { expectedResource: new URL(options.audience) };
      const gate = requireV2({ verifier: tokens, requiredScopes, ...expected });
      return async (token) => {
        const entry = await gate(new Request(HERE, { headers: bearer(token) }));
        // Not `instanceof`: a Hono server in the same process replaces the global Response.
        return read("headers" in entry ? entry : Response.json(entry));
      };
    },
  },
};

describe.each(Object.keys(SDKS))("requireBearerAuth of %s", (name) => {
  const { open } = SDKS[name]!;

  test("accepts a key that never expires, and returns the caller but not the token", async () => {
    const { verifier, issue } = await createFixture();
    const token = await issue("ci", { scopes: ["read"] });
    const { status, body } = await (await open(verifier, ["read"]))(token);
    const auth = JSON.parse(body) as AuthInfo;
    expect({ status, auth }).toMatchObject({
      status: 200,
      auth: { token: `[key ${auth.clientId}]`, expiresAt: 253_402_300_799, extra: { keyName: "ci" } },
    });
    expect(body).not.toContain(token.slice(17, 60));
  });

  test("answers 401 for a refused token and 403 for a missing scope", async () => {
    const { verifier, issue, keys, followed, lines } = await createFixture();
    const token = await issue("ci", { scopes: ["read"] });
    const ask = await open(verifier);
    for (const bad of ["hello", token.slice(0, -1), await (await createFixture()).issue("x")]) {
      const { status, challenge, body } = await ask(bad);
      expect({ status, challenge }).toMatchObject({ status: 401, challenge: expect.stringContaining("invalid_token") });
      expect(JSON.parse(body)).toMatchObject({
        error_description: bad === "hello" ? expect.stringContaining("malformed") : "The key is not valid here",
      });
    }
    expect(await (await open(verifier, ["write"]))(token)).toMatchObject({
      status: 403,
      challenge: expect.stringContaining("insufficient_scope"),
    });
    await keys.revoke("ci");
    await followed();
    expect(await ask(token)).toMatchObject({ status: 401 });
    expect(lines.join("\n")).toContain("refused (revoked): key ci");
  });

  test("checks the audience and returns it as the resource", async () => {
    const { verifier, issue } = await createFixture();
    const ask = await open(verifier, [], { audience: `${HERE}/` });
    expect(await ask(await issue("here", { audience: [HERE] }))).toMatchObject({
      status: 200,
      body: expect.stringContaining(`"resource":"${HERE}"`),
    });
    const elsewhere = await issue("elsewhere", { audience: ["https://other.example/mcp"] });
    expect(await ask(elsewhere)).toMatchObject({ status: 401 });
  });

  test("answers 500, never 401, when the store cannot answer, and refreshes once in a process that was frozen", async () => {
    const { verifier, issue, clock, trouble } = await createFixture({ pollEvery: 3600, maxStaleness: 7200 });
    const token = await issue("ci");
    const ask = await open(verifier);
    clock.now += 10_000;
    expect(await ask(token)).toMatchObject({ status: 200 });
    trouble.fault = new KeysError("STORE_UNAVAILABLE", "the disk is gone");
    clock.now += 10_000;
    await until(async () => (await ask(token)).status !== 200);
    expect(await ask(token)).toMatchObject({ status: 500, challenge: null });
  });
});

test("rejects invalid options", async () => {
  const { verifier } = await createFixture();
  const refuse = (message: string) => new Error(message);
  expect(() => createTokenVerifier(verifier, InvalidTokenError.prototype as never)).toThrow(
    expect.objectContaining({ code: "USAGE" }),
  );
  for (const options of [{ scopes: ["a"] }, { audience: "here" }]) {
    expect(() => createTokenVerifier(verifier, refuse, options)).toThrow(expect.objectContaining({ code: "USAGE" }));
  }
});

function bearer(token?: string): Record<string, string> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

async function read(response: Response): Promise<SdkAnswer> {
  return {
    status: response.status,
    challenge: response.headers.get("www-authenticate"),
    body: await response.text(),
  };
}
