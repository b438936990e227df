import { expect, test } from "vitest";
import { startServer } from "../servers/configurable-server.ts";
import { probeAt } from "../servers/probing.ts";
import { scopedServer } from "../servers/scoped-server.ts";
import { during, SECOND_TOKEN, TOKEN } from "../verify/verifying.ts";

test("proves nothing about a tool that both keys may see and call, and calls no other", async () => {
  const called: unknown[] = [];
  const { make, options } = scopedServer({ sees: true, calls: true });
  const { answer } = make();
  const { url } = await during(
    startServer([TOKEN.reveal(), SECOND_TOKEN.reveal()], {
      answer(response, posted) {
        if (posted.method === "tools/call") called.push(posted.params?.["name"]);
        answer?.call(this as never, response, posted);
      },
    }),
  );
  const { findings } = await probeAt(url, { ...options, only: ["hides-forbidden-tool", "rejects-hidden-tool"] });
  expect(findings.map(({ status, observed }) => [status, observed])).toEqual([
    ["untestable", "the tool makes no difference between the two keys; name one that only one of them may call"],
    ["untestable", "the tool is in tools/list of both keys; name one that only one of them may call"],
  ]);
  expect(new Set(called)).toEqual(new Set(["add"]));
});
