import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { createKeys } from "../../src/keys/keys.ts";
import { guardNode } from "../../src/server/node/guard-node.ts";
import { createVerifier } from "../../src/server/verifier/verifier.ts";
import { openFileStore } from "../../src/stores/file.ts";
import { aFolder, aWorld } from "../stores/place.ts";

const OLD = "4fQ8Zr2LxWm7Vt0KcB9nYs6Jd3Hg5Pa1";
const DAY = 86_400;
const IN_FLIGHT = 10;

test("a server with one compared key moves to the guard and rotates the key, and none of 1,000 requests is refused before the overlap ends", async () => {
  const clock = { now: 1_800_000_000 };
  const now = () => clock.now;
  const store = await openFileStore(`${await aFolder()}/keys.jsonl`, aWorld());
  const keys = createKeys({ store, now, by: "ada", peppers: [] });
  let handler: RequestListener = (request, response) => {
    response.writeHead(request.headers.authorization === `Bearer ${OLD}` ? 200 : 401).end();
  };
  const server = createServer((request, response) => handler(request, response)).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await store.close();
  });
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/mcp`;

  const statuses: number[] = [];
  let sent = 0;
  const send = async (token: string) => (await fetch(url, { headers: { authorization: `Bearer ${token}` } })).status;
  /** Sends requests with the old key, several at a time, until so many were answered. `during` runs in the middle of them. */
  const sendUntil = async (total: number, during: () => Promise<unknown> = async () => undefined): Promise<void> => {
    const client = async (): Promise<void> => {
      while (sent < total) {
        sent++;
        statuses.push(await send(OLD));
      }
    };
    await Promise.all([...Array.from({ length: IN_FLIGHT }, client), during()]);
  };

  await sendUntil(200);
  await sendUntil(400, () => keys.import({ name: "shared", token: OLD, expiresAt: clock.now + 90 * DAY }));
  let issued = "";
  await sendUntil(600, async () => {
    const verifier = await createVerifier({ store, now, peppers: [], pollEvery: 0.05 });
    onTestFinished(() => verifier.close());
    const guard = guardNode(verifier);
    handler = (request, response) => {
      guard(request, response, () => response.writeHead(200).end());
    };
  });
  await sendUntil(800, () =>
    keys.rotate("shared", { overlap: DAY, deliver: async ({ token }) => void (issued = token.reveal()) }),
  );
  await expect.poll(() => send(issued)).toBe(200);
  clock.now += DAY - 1;
  // The clock jumped, so the verifier reads the store before it answers.
  await sendUntil(1_000);
  expect(statuses).toHaveLength(1_000);
  expect(statuses.filter((status) => status !== 200)).toEqual([]);

  clock.now += 1;
  expect([await send(OLD), await send(issued), await send(`${OLD}x`)]).toEqual([401, 200, 401]);
});
