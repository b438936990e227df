import { expect, test } from "vitest";
import { describeFigures } from "../../../src/probe/report/figures.ts";

test.each([
  [{}, null],
  [{ revokedKeySeconds: 0.3 }, "key rejected within 0.3 s"],
  [{ revokedKeySeconds: 0.3, revokedStreamSeconds: null }, "key rejected within 0.3 s, stream ended too late"],
  [{ revokedKeySeconds: null, revokedStreamSeconds: 2 }, "key rejected too late, stream ended within 2.0 s"],
])("describes the figures %o", (figures, text) => {
  expect(describeFigures(figures)).toBe(text);
});
