import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { ServerBehavior, startServer } from "../servers/configurable-server.ts";
import { probeAt } from "../servers/probing.ts";
import { during, TOKEN } from "../verify/verifying.ts";

/** The first `slow` requests with a large body are answered late. */
async function statusAfter(slow: number): Promise<string | undefined> {
  let left = slow;
  const { url } = await during(
    startServer([TOKEN.reveal()], {
      async handle(request, response) {
        if (Number(request.headers["content-length"]) > 1_000_000 && left-- > 0) await pause(5000);
        await ServerBehavior.prototype.handle.call(this, request, response);
      },
    }),
  );
  const report = await probeAt(url, { only: ["rejects-before-reading"] });
  return report.findings[0]?.status;
}

test("a server that was busy for a moment passes", async () => {
  expect(await statusAfter(1)).toBe("pass");
});

test("a server that is busy with every large body does not", async () => {
  expect(await statusAfter(2)).toBe("warn");
});
