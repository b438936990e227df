import { expect, test } from "vitest";
import { Secret } from "../../../src/core/secret.ts";
import { startServer, type Mistake } from "../servers/configurable-server.ts";
import { TOKEN, verify } from "./verifying.ts";

const KEYS = {
  "in our format": TOKEN.reveal(),
  opaque: "sk-live-0a1B2c3D4e5F6g7H8i9J0k1L",
  "in base64": "aGVsbG8gd29ybGQsIHRoaXMgaXMgYSBsb25nIGtleQ==",
};

/** What a careless server compares. */
const PARTS: Readonly<Record<string, (key: string) => string>> = {
  "the first half": (key) => key.slice(0, Math.floor(key.length / 2)),
  "the first eight characters": (key) => key.slice(0, 8),
  "both ends": (key) => key.slice(0, 12) + key.slice(-3),
  "the length and the start": (key) => `${String(key.length)} ${key.slice(0, 17)}`,
};

const ERAS = ["modern", "legacy", "sse"] as const satisfies readonly Mistake["eras"][];

const CASES = Object.entries(KEYS).flatMap(([kind, key]) =>
  Object.entries(PARTS).flatMap(([part, partOf]) => ERAS.map((eras) => ({ kind, key, part, partOf, eras }))),
);

test.concurrent.each(CASES)(
  "a server that compares only $part of a key $kind is not enforced ($eras)",
  async ({ key, partOf, eras }) => {
    const knows: Mistake["knows"] = (token) => partOf(token) === partOf(key);
    const { url, close } = await startServer([key], { eras, knows });
    try {
      const verification = await verify(url, new Secret(key));
      expect(verification.outcome).toBe("not-enforced");
      expect([200, 202]).toContain(verification.changed?.status); // over HTTP+SSE the reply comes on the stream
      expect(verification.hint).toMatch(/beginning|part|whole/);
    } finally {
      await close();
    }
  },
);
