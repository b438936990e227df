import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { IncomingMessage, ServerResponse } from "node:http";
import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import { guardNode } from "../../../src/server/node/guard-node.ts";
import { createFixture } from "../fixture.ts";

const REQUESTS = 100_000;

test("keeps at most a few of 100,000 finished responses, and the open ones", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const { verifier, issue, keys, followed } = await createFixture();
  const guard = guardNode(verifier);
  const rawHeaders = ["Host", "127.0.0.1", "Authorization", `Bearer ${await issue("ci")}`, "MCP-Protocol-Version", "1"];
  const request = { rawHeaders, headers: {}, method: "POST", url: "/mcp", httpVersionMajor: 1, socket: {} };
  const responses: WeakRef<object>[] = [];
  const open: Response[] = [];
  for (let i = 0; i < REQUESTS; i++) {
    const response = new Response();
    guard({ ...request } as unknown as IncomingMessage, response as unknown as ServerResponse, () => undefined);
    if (i % 1_000 === 0) open.push(response);
    else response.destroyed = true;
    if (i % 100 === 1) responses.push(new WeakRef(response));
    // A weak reference is kept alive until the end of its turn.
    if (i % 1_000 === 999) await new Promise(setImmediate);
  }
  collect();
  expect(verifier.counters.accepted).toBe(REQUESTS);
  expect(responses.filter((response) => response.deref() !== undefined).length).toBeLessThan(5);
  await keys.revoke("ci");
  await followed();
  await new Promise(setImmediate);
  expect(open.filter((response) => !response.destroyed)).toEqual([]);
  expect(verifier.counters.streamsClosed.revoked).toBe(REQUESTS / 1_000);
});

class Response extends EventEmitter {
  destroyed = false;
  headersSent = false;
  writeHead = (): void => undefined;
  destroy(): void {
    this.destroyed = true;
  }
}
