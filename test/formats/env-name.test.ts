import fc from "fast-check";
import { expect, test } from "vitest";
import { parseEnvName } from "../../src/formats/env-name.ts";
import { RUNS } from "../arbitraries.ts";

test.each(["MCP_API_KEY", "a", "_", "_1", "A".repeat(128)])("accepts %s", (name) => {
  expect(parseEnvName(name)).toBe(name);
});

test.each(["", "1A", "A-B", "A B", "A=B", "A.B", "A\n", "\nA", "Ä", "A'", "$A", "A;id", "A".repeat(129)])(
  "rejects %j with an example in the hint",
  (name) => {
    expect(() => parseEnvName(name)).toThrow(
      expect.objectContaining({ code: "USAGE", hint: expect.stringContaining("MCP_API_KEY") }),
    );
  },
);

test("accepts exactly the names that need no quotes in a shell", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const isName = /^[A-Za-z_]\w*$/.test(text) && !text.endsWith("\n");
      if (isName) expect(parseEnvName(text)).toBe(text);
      else expect(() => parseEnvName(text)).toThrow(expect.objectContaining({ code: "USAGE" }));
    }),
    { numRuns: RUNS.some / 5 },
  );
});
