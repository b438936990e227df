import { randomBytes, randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { guessBits } from "../../../src/probe/checks/session-id-unguessable.ts";

test.each([
  ["random UUIDs", () => randomUUID()],
  ["128 bits in hexadecimal", () => randomBytes(16).toString("hex")],
  ["128 bits in base64url", () => randomBytes(16).toString("base64url")],
  ["96 random bits after a word", () => `session_${randomBytes(12).toString("hex")}`],
])("%s are unguessable", (_, draw) => {
  for (let i = 0; i < 200; i++) expect(guessBits(draw(), draw())).toBeGreaterThanOrEqual(48);
});

test.each([
  ["numbered", "session-000000000041", "session-000000000042"],
  ["timestamp", "1763884800123", "1763884801456"],
  ["timestamp with a short number", "mcp-1763884800123-4711", "mcp-1763884801456-0815"],
  ["version 1 UUID", "c232ab00-9414-11ec-b3c8-9f6bdeced846", "c232d210-9414-11ec-b3c8-9f6bdeced846"],
  ["short", "a9K2x", "zQ7p1"],
  ["equal", "default", "default"],
])("%s ids are guessable", (_, before, id) => {
  expect(guessBits(before, id)).toBeLessThan(48);
});
