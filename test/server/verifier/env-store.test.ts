import { expect, test } from "vitest";
import { digestToken } from "../../../src/core/digest.ts";
import { toKeyset } from "../../../src/core/keyset/keyset.ts";
import { formatToken } from "../../../src/core/token.ts";
import { openEnvStore } from "../../../src/stores/env.ts";
import { aKey, aVersion } from "../../fakes.ts";
import { createFixture } from "../fixture.ts";

const tokens = ["a", "b", "c"].map((c) =>
  formatToken({ prefix: "mcp", id: c.repeat(12), secret: c.repeat(43) }).reveal(),
);
const keysetOf = (token: string) => {
  const key = aKey({ prefix: "opaque", versions: [aVersion({ digest: digestToken(token) })] });
  return JSON.stringify(toKeyset([key], { store: "file:/k", seq: 1, epoch: "first", now: 1_800_000_000, names: true }));
};
const opaque = "Zk3vQ9xT2mL8wR5nB7cJ4hG6fD1sA0pY";

test("accepts tokens from the environment, given as tokens or in a keyset", async () => {
  const env = {
    MCP_API_KEY: tokens[0],
    MCP_API_KEYS: `${tokens[1]},${opaque}`,
    MCP_API_KEYSET: keysetOf(tokens[2]!),
  };
  const { verifier } = await createFixture({ store: await openEnvStore("", { env }) });
  for (const token of [...tokens, opaque]) expect(verifier.verify(token)).toMatchObject({ ok: true });
  expect(verifier.verify(`${opaque}x`)).toMatchObject({ ok: false, reason: "malformed" });
});

test("accepts an imported token that looks mistyped, and so does `check`", async () => {
  const wrongChecksum = `${tokens[0]!.slice(0, -1)}${tokens[0]!.endsWith("0") ? "1" : "0"}`;
  const cutShort = tokens[1]!.slice(0, -3);
  const MCP_API_KEYSET = keysetOf(wrongChecksum);
  const { keys, verifier } = await createFixture({ store: await openEnvStore("", { env: { MCP_API_KEYSET } }) });
  for (const [token, expected] of [
    [wrongChecksum, { ok: true }],
    [tokens[0]!, { ok: false, reason: "unknown" }],
    [cutShort, { ok: false, reason: "mistyped" }],
  ] as const) {
    expect(verifier.verify(token)).toMatchObject(expected);
    expect(await keys.check(token)).toMatchObject(expected);
  }
});

test("rejects every token without a key in the environment, and logs that", async () => {
  const { verifier, lines } = await createFixture({ store: await openEnvStore("", { env: {} }) });
  expect(verifier.verify(tokens[0]!)).toMatchObject({ ok: false, reason: "unknown" });
  expect(lines.join("\n")).toContain("no keys in env:, so every request is refused; set MCP_API_KEY or MCP_API_KEYSET");
});
