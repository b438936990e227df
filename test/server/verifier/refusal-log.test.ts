import { expect, test } from "vitest";
import { RefusalLog } from "../../../src/server/verifier/refusal-log.ts";
import { aKey, aVersion } from "../../fakes.ts";
import { createFixture } from "../fixture.ts";

test("logs ten lines a minute for each reason and counts the rest", () => {
  const lines: string[] = [];
  const log = new RefusalLog((line) => lines.push(line));
  for (let i = 0; i < 10_000; i++) log.log({ ok: false, reason: "unknown" }, 100, "id x");
  log.log({ ok: false, reason: "revoked", key: aKey(), version: aVersion() }, 101, "");
  expect(lines).toHaveLength(11);
  expect(lines.at(-1)).toBe("mcp-keys: refused (revoked): key ci (7Fq2x9Lm0aBc), version 1");
  log.summarize(159);
  expect(lines).toHaveLength(11);
  log.summarize(160);
  log.summarize(161);
  expect(lines.slice(11)).toEqual(["mcp-keys: refused (unknown): 9990 more within a minute"]);
  log.log({ ok: false, reason: "unknown" }, 161, "id y");
  expect(lines.at(-1)).toBe("mcp-keys: refused (unknown): id y");
});

test("logs the count before the next line if nothing asked for it earlier", () => {
  const lines: string[] = [];
  const log = new RefusalLog((line) => lines.push(line));
  for (let i = 0; i < 12; i++) log.log({ ok: false, reason: "missing" }, 100, "");
  log.log({ ok: false, reason: "missing" }, 200, "");
  expect(lines.slice(10)).toEqual([
    "mcp-keys: refused (missing): 2 more within a minute",
    "mcp-keys: refused (missing)",
  ]);
});

test("the verifier logs the counts when it closes", async () => {
  const { verifier, lines, clock } = await createFixture();
  for (let i = 0; i < 15; i++) verifier.verify("nonsense");
  expect(lines.filter((line) => line.includes("(malformed)"))).toHaveLength(10);
  await verifier.close();
  expect(lines.at(-1)).toBe("mcp-keys: refused (malformed): 5 more within a minute");
  expect(clock.now).toBe(1_800_000_000);
});

test("logs the mistake in a malformed header, without its content", async () => {
  const { verifier, lines } = await createFixture();
  for (const header of ["Bearer ${MCP_API_KEY}", "Bearer Bearer abc", 'Bearer "abc"', "Bearer a b", "Bearer ä"]) {
    expect(verifier.verifyHeader(header)).toEqual({ ok: false, reason: "malformed" });
  }
  expect(verifier.verifyHeader("Basic YTpi")).toEqual({ ok: false, reason: "missing" });
  const refused = (reason: string, why = "") => `mcp-keys: refused (${reason})${why === "" ? "" : `: ${why}`}`;
  expect(lines.filter((line) => line.includes("refused ("))).toEqual([
    refused("malformed", "it contains an unexpanded variable"),
    refused("malformed", "it contains Bearer twice"),
    refused("malformed", "it contains a quotation mark"),
    refused("malformed", "it contains a space"),
    refused("malformed"),
    refused("missing"),
  ]);
});
