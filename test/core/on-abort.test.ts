import { getEventListeners } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { onAbort } from "../../src/core/on-abort.ts";
import { createHttpRequest } from "../../src/http/client.ts";

test("adds one listener, calls every callback, and removes the listener with the last callback", () => {
  const { signal } = new AbortController();
  const called: number[] = [];
  const stops = Array.from({ length: 50 }, (_, i) => onAbort(signal, () => called.push(i)));
  expect(getEventListeners(signal, "abort")).toHaveLength(1);
  for (const stop of stops) stop();
  expect(getEventListeners(signal, "abort")).toHaveLength(0);
  stops[0]!();

  const controller = new AbortController();
  const [first] = [0, 1, 2].map((i) => onAbort(controller.signal, () => called.push(i)));
  first!();
  controller.abort();
  expect(called).toEqual([1, 2]);
});

test("calls back once for each registration of the same function, and lets a callback end another one", () => {
  const controller = new AbortController();
  let calls = 0;
  const count = (): void => {
    calls++;
  };
  onAbort(controller.signal, count);
  const stop = onAbort(controller.signal, count);
  onAbort(controller.signal, () => stop());
  stop();
  controller.abort();
  expect(calls).toBe(1);
});

test.each([{ method: "POST" }, { method: "PROPFIND" }])(
  "many $method requests with one signal give it one listener, and none at the end",
  async ({ method }) => {
    const server = createServer((_, response) => void setTimeout(() => response.end("{}"), 200));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const { signal } = new AbortController();
    const request = createHttpRequest();
    const sent = Array.from({ length: 30 }, async () => {
      const url = new URL(`http://127.0.0.1:${String(port)}/mcp`);
      const response = await request({ url, method, headers: {}, timeoutMs: 5000, signal });
      for await (const _ of response.body);
    });
    await new Promise((resolve) => void setTimeout(resolve, 100));
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    await Promise.all(sent);
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  },
);

test("no other file adds a listener to a signal that several may wait for", () => {
  const root = join(import.meta.dirname, "../../src");
  const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  const adding = files.filter((file) => readFileSync(join(root, file), "utf8").includes('EventListener("abort"'));
  // The signal of parent-ended.ts has one listener in a process.
  expect(adding.sort()).toEqual(["core/on-abort.ts", "process/parent-ended.ts"]);
});
