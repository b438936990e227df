import { expect, test } from "vitest";
import { during, verify } from "./verifying.ts";
import { guardNode } from "../../../src/server/node/guard-node.ts";
import { createFixture } from "../../server/fixture.ts";
import { SDK_KINDS, startSdkServer, type SdkKind } from "../../servers/sdk.ts";

const SPEAKS = {
  "v1-stateful": { era: "legacy", protocolVersion: "2025-11-25", server: { name: "sdk-v1", version: "1.2.3" } },
  "v1-stateless": { era: "legacy", protocolVersion: "2025-11-25", server: { name: "sdk-v1", version: "1.2.3" } },
  "v1-sse": { era: "sse", protocolVersion: "2024-11-05", server: { name: "sdk-v1", version: "1.2.3" } },
  "v2-dual": { era: "modern", protocolVersion: "2026-07-28", server: { name: "sdk-v2", version: "4.5.6" } },
  "v2-modern-only": { era: "modern", protocolVersion: "2026-07-28", server: { name: "sdk-v2", version: "4.5.6" } },
} as const satisfies Record<SdkKind, object>;

test.each(SDK_KINDS)("%s behind our guard accepts only a valid key", async (kind) => {
  const { verifier, issue } = await createFixture();
  const token = await issue("ci");
  const { url } = await during(startSdkServer(kind, { guard: guardNode(verifier) }));

  const result = await verify(url, token);
  expect(result).toMatchObject({
    ...{ ok: true, url, outcome: "enforced", ...SPEAKS[kind], tools: 2 },
    anonymous: { status: 401, challenge: 'Bearer realm="mcp"' },
    bogus: { status: 401, challenge: expect.stringMatching(/error="invalid_token"/) },
    presented: { status: kind === "v1-sse" ? 202 : 200 },
  });
  expect(result.hint).toBeUndefined();
  expect(JSON.stringify(result)).not.toContain(token.slice(-20));
});

test.each(SDK_KINDS)("%s behind our guard refuses an unknown key", async (kind) => {
  const { verifier, issue } = await createFixture();
  await issue("ci");
  const { url } = await during(startSdkServer(kind, { guard: guardNode(verifier) }));
  const result = await verify(url);
  expect(result).toMatchObject({ ok: false, outcome: "refused", hint: expect.stringContaining("mcp-keys check") });
  expect([result.anonymous, result.bogus, result.presented].map((one) => one?.status)).toEqual([401, 401, 401]);
  expect(result.era).toBeUndefined();
});

test.each(SDK_KINDS)("%s behind our guard forbids a key without the scope", async (kind) => {
  const { verifier, issue } = await createFixture();
  const token = await issue("ci");
  const { url } = await during(startSdkServer(kind, { guard: guardNode(verifier, { scopes: ["notes:write"] }) }));
  expect(await verify(url, token)).toMatchObject({
    ...{ ok: false, outcome: "forbidden", anonymous: { status: 401 }, presented: { status: 403 } },
    hint: expect.stringContaining("notes:write"),
  });
});

test.each(SDK_KINDS)("%s without a guard is not enforced", async (kind) => {
  const { url } = await during(startSdkServer(kind));
  const result = await verify(url);
  expect(result).toMatchObject({ ok: false, outcome: "not-enforced", ...SPEAKS[kind], tools: 2 });
  expect(result.hint).toContain("accepts requests without a key");
  const statuses = [result.anonymous, result.bogus, result.presented].map((one) => one?.status);
  expect(new Set(statuses).size).toBe(1);
});

test.each(SDK_KINDS)("%s that guards only tools/list is enforced, with a hint about its handshake", async (kind) => {
  const { verifier, issue } = await createFixture();
  const token = await issue("ci");
  const guards = (method: string): boolean => method === "tools/list";
  const { url } = await during(startSdkServer(kind, { guard: guardNode(verifier), guards }));
  const result = await verify(url, token);
  expect(result).toMatchObject({ outcome: "enforced", anonymous: { status: 401 }, bogus: { status: 401 } });
  // The modern era needs no handshake first.
  expect(result.hint).toEqual(
    SPEAKS[kind].era === "modern"
      ? undefined
      : expect.stringMatching(/^the server answers the handshake without a key and guards only later requests; /),
  );
});

const requiresKeyForHandshake = (method: string): boolean => ["initialize", "server/discover"].includes(method);

test.each(SDK_KINDS.filter((kind) => kind !== "v1-stateful"))(
  "%s that guards only the handshake is not enforced",
  async (kind) => {
    const { verifier, issue } = await createFixture();
    const token = await issue("ci");
    const { url } = await during(startSdkServer(kind, { guard: guardNode(verifier), guards: requiresKeyForHandshake }));
    const status = kind === "v1-sse" ? 202 : 200;
    expect(await verify(url, token)).toMatchObject({ outcome: "not-enforced", anonymous: { status } });
  },
);

test.each(["v1-stateless", "v2-dual"] as const)(
  "%s that guards only the handshake is not enforced, even if it refuses your key there",
  async (kind) => {
    const { verifier } = await createFixture();
    const { url } = await during(startSdkServer(kind, { guard: guardNode(verifier), guards: requiresKeyForHandshake }));
    expect(await verify(url)).toMatchObject({ outcome: "not-enforced", presented: { status: 200 } });
  },
);

test("guarding only the handshake is enough if every request needs a session", async () => {
  const { verifier, issue } = await createFixture();
  const token = await issue("ci");
  const { url } = await during(
    startSdkServer("v1-stateful", { guard: guardNode(verifier), guards: requiresKeyForHandshake }),
  );
  expect(await verify(url, token)).toMatchObject({ outcome: "enforced", anonymous: { status: 401 } });
});

test("opens and ends a session for each of the keys", async () => {
  const { url, seen } = await during(startSdkServer("v1-stateful"));
  await verify(url);
  expect(seen.filter(({ method }) => method === "DELETE")).toHaveLength(4);
});

test("reports a server that accepts requests without a key, even if it refuses your key", async () => {
  const { verifier } = await createFixture();
  const guard = guardNode(verifier);
  const { url } = await during(
    // Like guards that check a key only if there is one.
    startSdkServer("v2-dual", {
      guard: (q, s, next) => (q.headers.authorization === undefined ? next() : guard(q, s, next)),
    }),
  );
  expect(await verify(url)).toMatchObject({
    ...{ outcome: "not-enforced", anonymous: { status: 200 }, bogus: { status: 401 }, presented: { status: 401 } },
    ...{ era: "modern", hint: expect.stringContaining("but answers 401 to your key") },
  });
});

test("a bogus key exposes a server that compares only the id", async () => {
  const { issue } = await createFixture();
  const token = await issue("ci");
  const [, id = ""] = token.split("_");
  const { url } = await during(
    startSdkServer("v2-dual", {
      guard: (request, response, next) => {
        if (request.headers.authorization?.includes(`_${id}_`) === true) next();
        else response.writeHead(401, { "www-authenticate": 'Bearer realm="x"' }).end();
      },
    }),
  );
  expect(await verify(url, token)).toMatchObject({
    ...{ outcome: "not-enforced", anonymous: { status: 401 }, bogus: { status: 200 } },
    hint: expect.stringContaining("accepts a bogus key"),
  });
});
