import fc from "fast-check";
import { expect, test } from "vitest";
import { formatPosition, includes, isPosition, parsePosition } from "../../src/core/position.ts";

const EPOCH = fc.stringMatching(/^[A-Za-z0-9-]{1,64}$/);
const SEQ = fc.nat({ max: 999_999_999_999_999 });
const POSITION = fc.record({ epoch: EPOCH, seq: SEQ });

test("a position survives its text", () => {
  fc.assert(
    fc.property(POSITION, (position) => {
      expect(isPosition(position)).toBe(true);
      expect(parsePosition(formatPosition(position))).toEqual(position);
    }),
  );
});

test.each(["", "7", ".7", "a.", "a.07", "a.-1", "a.1.2", "a b.1", "a.1 ", "a.1e3", "a.1000000000000000", "a\n.1"])(
  "rejects %j as a position, without repeating it",
  (text) => {
    expect(() => parsePosition(text)).toThrow(
      expect.objectContaining({ code: "USAGE", message: "this is not a position" }),
    );
  },
);

test("a position includes what came before it in the same epoch, and nothing of another", () => {
  fc.assert(
    fc.property(POSITION, SEQ, EPOCH, (position, seq, epoch) => {
      expect(includes(position, { ...position, seq })).toBe(position.seq >= seq);
      expect(includes(position, { epoch, seq: 0 })).toBe(epoch === position.epoch);
    }),
  );
});

test.each([
  null,
  7,
  "a.1",
  {},
  { epoch: "a" },
  { epoch: "a", seq: 1.5 },
  { epoch: "a.b", seq: 1 },
  { epoch: 7, seq: -1 },
])("%j is not a position", (value) => {
  expect(isPosition(value)).toBe(false);
});
