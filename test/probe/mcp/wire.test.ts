import { expect, test } from "vitest";
import { createHttpRequest } from "../../../src/http/client.ts";
import type { Secret } from "../../../src/core/secret.ts";
import { BEARER } from "../../../src/probe/mcp/key-header.ts";
import { NOTHING, validKey } from "../../../src/probe/mcp/presented-key.ts";
import { Wire } from "../../../src/probe/mcp/wire.ts";
import { listen } from "../../servers/listen.ts";
import { during, TOKEN } from "../verify/verifying.ts";

function wireTo(url: string, token: Secret | null): Wire {
  const now = (): number => performance.now();
  const deadline = now() + 3000;
  const presented = token === null ? NOTHING : validKey(BEARER, token);
  return new Wire({
    url: new URL(url),
    presented,
    request: createHttpRequest(),
    now,
    deadline,
    clientVersion: "1.2.3",
  });
}

test("sends the token, Accept-Encoding: identity and a user agent with every request", async () => {
  const seen: unknown[] = [];
  const { url } = await during(
    listen(({ method, headers }, response) => {
      seen.push([method, headers.authorization, headers["accept-encoding"], headers["user-agent"]]);
      response.end();
    }),
  );
  const wire = wireTo(url, TOKEN);
  await wire.post({ id: "1", method: "ping" });
  (await wire.open()).close();
  await wire.end({});
  await wireTo(url, null).post({ id: "1", method: "ping" });
  const common = ["identity", "mcp-keys/1.2.3"];
  const bearer = `Bearer ${TOKEN.reveal()}`;
  expect(seen).toEqual([
    ["POST", bearer, ...common],
    ["GET", bearer, ...common],
    ["DELETE", bearer, ...common],
    ["POST", undefined, ...common],
  ]);
});

test("sends nothing to another origin, with or without a token", async () => {
  const { url } = await during(listen((_, response) => response.end()));
  const other = await during(listen((_, response) => response.end()));
  for (const token of [TOKEN, null]) {
    const leaving = wireTo(url, token).post({ id: "1", method: "ping" }, {}, new URL(other.url));
    await expect(leaving).rejects.toMatchObject({ code: "BUG" });
  }
  expect(other.seen).toEqual([]);
});
