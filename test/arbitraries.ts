import fc from "fast-check";
import { BASE62 } from "../src/core/token.ts";

const TORTURE = process.env["MCP_KEYS_TORTURE"] === "1";

/** Runs of each property: few by default, the full count with `npm run test:torture`. */
export const RUNS = {
  tokens: TORTURE ? 1_000_000 : 2_000,
  rotations: TORTURE ? 100_000 : 2_000,
  some: TORTURE ? 20_000 : 500,
} as const;

/** Returns strings of `length` base62 characters. */
export function base62(length: number): fc.Arbitrary<string> {
  return fc.string({ unit: fc.constantFrom(...BASE62), minLength: length, maxLength: length });
}

const word = fc.string({ unit: fc.constantFrom(..."abcxyz0189"), minLength: 1, maxLength: 8 });

/** Valid prefixes: words joined by `_`, at most 24 characters, starting with a letter. */
export const prefixes = fc
  .tuple(fc.constantFrom(..."amz"), fc.array(word, { minLength: 0, maxLength: 3 }))
  .map(([letter, rest]) => [letter, ...rest].join("_").slice(0, 24).replace(/_$/, ""));
