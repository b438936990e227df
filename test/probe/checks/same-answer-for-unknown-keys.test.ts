import { expect, test } from "vitest";
import { differenceOf } from "../../../src/probe/checks/same-answer-for-unknown-keys.ts";
import { BEARER } from "../../../src/probe/mcp/key-header.ts";
import { wrongKey } from "../../../src/probe/mcp/presented-key.ts";
import type { McpAnswer } from "../../../src/probe/mcp/wire.ts";
import { SECOND_TOKEN, TOKEN } from "../verify/verifying.ts";

const firstSent = wrongKey(BEARER, TOKEN, { id: "1", name: "first" });
const secondSent = wrongKey(BEARER, SECOND_TOKEN, { id: "2", name: "second" });

function compare(first: Partial<McpAnswer>, second: Partial<McpAnswer>): ReturnType<typeof differenceOf> {
  const answer: McpAnswer = { status: 401, headers: {}, reply: null, excerpt: "", ms: 1 };
  return differenceOf(
    { answer: { ...answer, ...first }, to: firstSent },
    { answer: { ...answer, ...second }, to: secondSent },
  );
}

const said = (excerpt: string): Partial<McpAnswer> => ({ excerpt });
const challenged = (text: string): Partial<McpAnswer> => ({ headers: { "www-authenticate": [text] } });

test.each([
  ["nothing", said("unauthorized"), said("unauthorized")],
  ["a time", said('{"at":"2026-11-23T08:00:01.123Z"}'), said('{"at":"2026-11-23T09:10:11.4Z"}')],
  [
    "a request id",
    said("request 9f86d081-884c-4d65-9a2f-eaa0c55ad015"),
    said("request abcdefab-cdef-4abc-8def-abcdef1bcdef"),
  ],
  ["the presented key", said(`unknown key ${TOKEN.reveal()}`), said(`unknown key ${SECOND_TOKEN.reveal()}`)],
  [
    "the start of the presented key",
    said(`unknown key ${TOKEN.reveal().slice(0, 8)}…`),
    said(`unknown key ${SECOND_TOKEN.reveal().slice(0, 8)}…`),
  ],
  [
    "the id of the key in the challenge",
    challenged('Bearer key="7Fq2x9Lm0aBc"'),
    challenged('Bearer key="8Gr3yAMn1bCd"'),
  ],
])("treats answers that differ in %s as the same", (_, first, second) => {
  expect(compare(first, second)).toBeNull();
});

test.each([
  ["status", { status: 401 }, { status: 403 }],
  ["challenge", challenged('Bearer error="invalid_token"'), challenged('Bearer error="expired"')],
  ["challenge", challenged("Bearer"), {}],
  ["body", said("there is no such key"), said("the secret does not fit")],
  ["body", said('{"error":"revoked","id":1}'), said('{"error":"unknown","id":2}')],
] as const)("notices that the %s differs", (difference, first, second) => {
  expect(compare(first, second)).toBe(difference);
});
