import { expect, test } from "vitest";
import { count } from "../../src/core/count.ts";

test.each([
  [0, "0 tools"],
  [1, "1 tool"],
  [2, "2 tools"],
])("formats %i with its noun", (number, text) => {
  expect(count(number, "tool")).toBe(text);
});
