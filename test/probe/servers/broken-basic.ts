import { Secret } from "../../../src/core/secret.ts";
import { parseKeyHeader } from "../../../src/probe/mcp/key-header.ts";
import type { BrokenServer } from "./broken.ts";
import type { Mistake } from "./configurable-server.ts";
import { readingFrom } from "./other-header.ts";

const HEADER = parseKeyHeader("Authorization: Basic");
const PASSWORD = "p7Kq2x9Lm0aBcZr4";
const CREDENTIALS = Buffer.from(`ci:${PASSWORD}`).toString("base64");

/** Servers that read `user:password` from Basic and check it incorrectly. */
export const BROKEN_BASIC: readonly BrokenServer[] = [
  withMistake("knows the user and forgets the password", ["rejects-bogus-key"], (user) => user === "ci"),
  withMistake("accepts any well-formed Basic credentials", ["rejects-bogus-key"], (_, password) => password !== null),
  withMistake(
    "hashes passwords with crypt, which reads eight characters",
    ["rejects-changed-key", "rejects-truncated-key", "rejects-extended-key"],
    (user, password) => user === "ci" && password?.slice(0, 8) === PASSWORD.slice(0, 8),
  ),
  withMistake(
    "compares a password only if there is one",
    ["rejects-malformed-key"],
    (user, password) => password === null || (user === "ci" && password === PASSWORD),
  ),
  withMistake(
    "ignores the case of passwords",
    ["rejects-key-in-other-case"],
    (user, password) => user === "ci" && password?.toLowerCase() === PASSWORD.toLowerCase(),
  ),
  withMistake(
    "looks up the password with LIKE",
    ["rejects-key-pattern"],
    (user, password) => user === "ci" && (password === PASSWORD || password === "%"),
  ),
];

function withMistake(
  mistake: string,
  caught: BrokenServer["caught"],
  accepts: (user: string, password: string | null) => boolean,
): BrokenServer {
  const make = (): Mistake => ({
    ...readingFrom(HEADER),
    knows(token) {
      const text = Buffer.from(token, "base64").toString();
      const colon = text.indexOf(":");
      return colon === -1 ? accepts(text, null) : accepts(text.slice(0, colon), text.slice(colon + 1));
    },
  });
  return { mistake, caught, make, options: { key: new Secret(CREDENTIALS), header: HEADER } };
}
