import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { describeMalformed, describeNotBearer } from "../../../src/core/authorization.ts";
import { extractToken } from "../../../src/server/guard/extract-token.ts";
import { RefusalLog } from "../../../src/server/verifier/refusal-log.ts";
import { RUNS } from "../../arbitraries.ts";
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

const SECRET = "hunter2hunter2";

describe("a header without a usable token", () => {
  test.each([
    ["Bearer ${MCP_API_KEY}", "malformed", "it contains an unexpanded variable"],
    [`Bearer Bearer ${SECRET}`, "malformed", "it contains Bearer twice"],
    [`Bearer "${SECRET}"`, "malformed", "it contains a quotation mark"],
    [`Bearer ${SECRET} b`, "malformed", "it contains a space"],
    [`Bearer\t${SECRET}`, "malformed", "a tab follows Bearer instead of a space"],
    [`Bearer ${"a".repeat(5000)}`, "malformed", "it is longer than 4096 characters"],
    [`Bearer ${SECRET}ä`, "malformed", "it contains a character that no token has"],
    [SECRET, "missing", "Authorization has one word, and Bearer in front of it is missing"],
    [`Basic ${SECRET}`, "missing", "Authorization has the scheme Basic instead of Bearer"],
    [`token ${SECRET}`, "missing", "Authorization has the scheme Token instead of Bearer"],
    [`ApiKey ${SECRET}`, "missing", "Authorization has the scheme ApiKey instead of Bearer"],
    [`Token: ${SECRET}`, "missing", "Authorization has the scheme Token instead of Bearer"],
    [`${SECRET} ${SECRET}`, "missing", "Authorization has another scheme than Bearer"],
    [`Bearer: ${SECRET}`, "missing", "Bearer is followed by another character than a space"],
    [`bearer=${SECRET}`, "missing", "Bearer is followed by another character than a space"],
    [`Bearer${SECRET}`, "missing", "Authorization has no space after Bearer"],
    [`"Bearer ${SECRET}"`, "missing", "Authorization starts with a quotation mark"],
    [`Authorization: Bearer ${SECRET}`, "missing", "Authorization repeats its own name"],
    ["Bearer", "missing", "Authorization has the word Bearer and no token"],
    ["Bearer  ", "missing", "Authorization has the word Bearer and no token"],
    ["", "missing", "the Authorization header is empty"],
  ])("%j is logged with the mistake and without its content", async (header, reason, why) => {
    const { verifier, lines } = await createFixture();
    expect(verifier.verifyHeader(header)).toEqual({ ok: false, reason });
    const { why: extracted } = extractToken({ authorization: header, apiKey: null, query: "a=b" }, false) as {
      why: string;
    };
    expect([lines.filter((line) => line.includes("refused (")), extracted]).toEqual([
      [`mcp-keys: refused (${reason}): ${why}`],
      why,
    ]);
    expect(lines.join()).not.toContain(SECRET);
  });

  test("has no description if there is no header, and two spaces are no mistake", async () => {
    const { verifier, lines, issue } = await createFixture();
    const token = await issue("ci");
    expect(verifier.verifyHeader(undefined)).toEqual({ ok: false, reason: "missing" });
    expect(lines.at(-1)).toBe("mcp-keys: refused (missing)");
    expect(verifier.verifyHeader(`Bearer  ${token}`)).toMatchObject({ ok: true });
  });

  test("never gets a word of it into the log", () => {
    const word = fc.stringMatching(/^[\w"'.:=;,$-]{8,30}$/);
    const scheme = fc.constantFrom("Bearer ", "Basic ", "Bearer:", "Bearer\t", "", "Token ", '"Bearer ', "bearer  x ");
    fc.assert(
      fc.property(scheme, fc.array(word, { minLength: 1, maxLength: 3 }), (start, words) => {
        const header = start + words.join(" ");
        const line = describeNotBearer(header) + describeMalformed(header);
        for (const each of words) expect(line).not.toContain(each);
      }),
      { numRuns: RUNS.some },
    );
  });

  test("is logged at a limited rate", async () => {
    const { verifier, lines } = await createFixture();
    for (let i = 0; i < 100; i++) verifier.verifyHeader(`Basic ${SECRET}`);
    expect(lines.filter((line) => line.includes("Basic"))).toHaveLength(10);
  });
});

test("a problem of the server is logged at the same rate", async () => {
  const { verifier, lines } = await createFixture();
  for (let i = 0; i < 15; i++) verifier.report("the handler failed");
  await verifier.close();
  expect(lines.filter((line) => line === "mcp-keys: the handler failed")).toHaveLength(10);
  expect(lines.at(-1)).toBe("mcp-keys: problems: 5 more within a minute");
});
