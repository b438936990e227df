import { expect, test } from "vitest";
import type { Tried } from "../../../src/probe/check-result.ts";
import { caughtIn, probeAt } from "../servers/probing.ts";
import { startServer, type Mistake } from "../servers/configurable-server.ts";
import { during, TOKEN } from "../verify/verifying.ts";

const SECRET = TOKEN.reveal().slice(17);

async function triedOn(id: string, mistake: Mistake): Promise<readonly Tried[]> {
  const { url } = await during(startServer([TOKEN.reveal()], mistake));
  const report = await probeAt(url, { only: [id] });
  expect(JSON.stringify(report)).not.toContain(SECRET);
  return report.findings[0]?.tried ?? [];
}

test("shows the request and the answer of a server that accepts no key", async () => {
  const [tried] = await triedOn("requires-key", { isGuarded: ({ headers }) => headers.authorization !== undefined });
  expect(tried).toMatchObject({ what: "no key", answer: "accepted (200)" });
  expect(tried?.sent).toMatch(/^POST \/mcp HTTP\/1\.1\nHost: 127\.0\.0\.1:\d+\nContent-Type: application\/json\n/);
  expect(tried?.sent).toContain('\n\n{"jsonrpc":"2.0","id":"mcp-keys:tools/list","method":"tools/list"');
  expect(tried?.sent).not.toMatch(/authorization|accept-encoding/i);
  expect(tried?.received).toMatch(/^HTTP\/1\.1 200\nContent-Type: application\/json\n\n\{.*"tools"/);
});

test("names the key in the place of its text", async () => {
  const [tried] = await triedOn("rejects-bogus-key", { knows: () => true });
  expect(tried?.sent).toContain("\nAuthorization: Bearer <an unknown key>\n");
  const near = await triedOn("rejects-changed-key", {
    knows: (token) => token.startsWith(TOKEN.reveal().slice(0, 20)),
  });
  const shown = near.filter(({ sent }) => sent !== undefined);
  expect(shown.length).toBeGreaterThan(0);
  expect(shown.length).toBeLessThanOrEqual(3);
  for (const { sent = "" } of shown) expect(sent).toMatch(/\nAuthorization: Bearer <your key with [a-z ]+>\n/);
  const parts = Array.from({ length: SECRET.length - 3 }, (_, i) => SECRET.slice(i, i + 4));
  const text = near.map(({ sent = "", received = "" }) => sent + received).join("\n");
  expect(parts.filter((part) => text.includes(part))).toEqual([]);
});

test("names the key in the query and in a cookie", async () => {
  const [inQuery] = await triedOn("rejects-key-in-query", {
    tokenOf: ({ url = "", headers }) =>
      headers.authorization?.replace("Bearer ", "") ?? new URL(url, "http://x").searchParams.get("token") ?? "",
    readKey(request) {
      return this.tokenOf(request) === "" ? "none" : this.knows(this.tokenOf(request)) ? "valid" : "wrong";
    },
  });
  expect(inQuery?.sent).toMatch(/^POST \/mcp\?access_token=<your key>&token=<your key>&/);
});

test("shows headers that contain no key", async () => {
  const tried = await triedOn("rejects-proxy-headers", {
    isGuarded: ({ headers }) => headers["x-forwarded-user"] !== "admin",
  });
  const shown = tried.find(({ sent }) => sent !== undefined);
  expect(shown?.sent).toContain("\nX-Forwarded-User: admin\n");
  expect(tried.filter(({ answer }) => answer === "401").length).toBeGreaterThan(2);
});

test("limits and escapes what a hostile server answers", async () => {
  const { url } = await during(
    startServer([TOKEN.reveal()], {
      isGuarded: () => false,
      answerModern(response, posted) {
        const text = `\u001b[31m<script>\u202e${TOKEN.reveal()}\n${"x".repeat(1_000_000)}`;
        if (posted.method === "server/discover") this.answer(response, posted);
        else this.result(response, posted, { tools: [{ name: text, inputSchema: {} }] });
      },
    }),
  );
  const report = await probeAt(url, { only: ["requires-key"] });
  expect(caughtIn(report)).toEqual(["requires-key"]);
  const [{ received = "" } = {}] = report.findings[0]?.tried ?? [];
  expect(received.length).toBeLessThan(1000);
  expect(received).not.toMatch(/[\u001b\u202e]/);
  expect(JSON.stringify(report)).not.toContain(SECRET);
});
