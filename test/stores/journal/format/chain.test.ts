import { hash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { GENESIS } from "../../../../src/stores/journal/format/record.ts";
import { TORTURE } from "../../place.ts";
import { aStep, damagedLine, interleave, journalOf, read, recordOf } from "../bytes.ts";

const three = journalOf(3);
const names = (...numbers: number[]) => numbers.map((n) => `key-${n}`);
const WHOLE = { names: names(1, 2, 3), head: three.sums[3] };

test("reads the keys and the head of an intact journal", () => {
  expect(read(three.bytes)).toEqual(WHOLE);
  expect(read(Buffer.alloc(0))).toEqual({ names: [], head: GENESIS });
});

describe("an altered journal", () => {
  const bits = [0, 1, 2, 3, 4, 5, 6, 7].map((bit) => 1 << bit);

  test("is damaged if any byte was changed", () => {
    for (let at = 0; at < three.bytes.length; at++) {
      const before = three.bytes[at]!;
      const others = TORTURE
        ? Array.from({ length: 255 }, (_, i) => before ^ (i + 1))
        : bits.map((bit) => before ^ bit);
      for (const after of new Set([...others, 0, 9, 10, 32, 123, 125])) {
        if (after === before) continue;
        const bytes = Buffer.from(three.bytes);
        bytes[at] = after;
        expect(read(bytes), `byte ${at}, ${before} to ${after}`).toBe("STORE_DAMAGED");
      }
    }
  }, 300_000);

  test("reports the line number that an editor shows", () => {
    const text = three.bytes.toString();
    for (const line of [2, 3, 4]) {
      const lines = text.split("\n");
      lines[line - 1] = lines[line - 1]!.replace("ada", "eve");
      expect(damagedLine(Buffer.from(lines.join("\n")))).toBe(line);
    }
  });

  test("is damaged if a line is missing, except the last one", () => {
    const [one, two, last] = three.records;
    expect(read(Buffer.concat([two!, last!]))).toBe("STORE_DAMAGED");
    expect(read(Buffer.concat([one!, last!]))).toBe("STORE_DAMAGED");
    expect(damagedLine(Buffer.concat([one!, last!]))).toBe(3);
    expect(read(Buffer.concat([one!, two!]))).toMatchObject({ names: names(1, 2) });
  });

  test("is damaged if two lines were swapped", () => {
    const [one, two, last] = three.records;
    expect(read(Buffer.concat([two!, one!, last!]))).toBe("STORE_DAMAGED");
    expect(read(Buffer.concat([one!, last!, two!]))).toBe("STORE_DAMAGED");
  });

  test("is damaged if a void line was moved before the line that won", () => {
    const won = recordOf(1, 1, GENESIS);
    const lost = recordOf(8, 1, GENESIS);
    const next = recordOf(2, 2, won.sum);
    expect(read(Buffer.concat([won.bytes, lost.bytes, next.bytes]))).toMatchObject({ names: names(1, 2) });
    expect(read(Buffer.concat([lost.bytes, won.bytes, next.bytes]))).toBe("STORE_DAMAGED");
  });

  test("is damaged if a line with a valid sum follows another history", () => {
    const foreign = journalOf(4, 50).records[3]!;
    expect(read(Buffer.concat([three.bytes, foreign]))).toBe("STORE_DAMAGED");
    expect(read(Buffer.concat([three.bytes, recordOf(4, 5, three.sums[3]!).bytes]))).toBe("STORE_DAMAGED");
  });

  test("is damaged if other bytes follow a record", () => {
    expect(read(Buffer.concat([three.bytes, Buffer.from("x")]))).toBe("STORE_DAMAGED");
    expect(read(Buffer.concat([three.bytes, Buffer.from(" \n")]))).toBe("STORE_DAMAGED");
  });

  test("is damaged if a line in the chain is not a record", () => {
    const line = (body: string) => formatBody(body, three.sums[3]!);
    expect(read(Buffer.concat([three.bytes, line('"op":"generate","keys":[]')]))).toMatchObject({ names: WHOLE.names });
    for (const body of ['"op":"generate","keys":[{}]', '"op":7,"keys":[]', '"keys":[]', '"op":"x","keys":[[]]']) {
      expect(read(Buffer.concat([three.bytes, line(body)])), body).toBe("STORE_DAMAGED");
    }
  });

  test("is not damaged but unavailable if a record has a later format", () => {
    const later = formatBody('"op":"generate","keys":[]', three.sums[3]!, 2);
    expect(read(Buffer.concat([three.bytes, later]))).toBe("STORE_UNAVAILABLE");
  });
});

describe("a journal that was cut short", () => {
  test("at any byte: keeps the complete records and can be written", () => {
    for (let length = 0; length < three.bytes.length; length++) {
      const cut = three.bytes.subarray(0, length);
      // A line that lacks only its tab is complete.
      const whole = three.records.filter(
        (_, i) => length >= Buffer.concat(three.records.slice(0, i + 1)).length - 1,
      ).length;
      expect(read(cut), `${length} bytes`).toEqual({ names: names(1, 2, 3).slice(0, whole), head: three.sums[whole] });
      const more = recordOf(9, whole + 1, three.sums[whole]!);
      expect(read(Buffer.concat([cut, more.bytes])), `${length} bytes and a record`).toEqual({
        names: [...names(1, 2, 3).slice(0, whole), "key-9"],
        head: more.sum,
      });
    }
  });

  test("a length without content, as after a power failure, is void", () => {
    const zeros = Buffer.alloc(100);
    const more = recordOf(4, 4, three.sums[3]!).bytes;
    expect(read(Buffer.concat([three.bytes, zeros]))).toEqual(WHOLE);
    expect(read(Buffer.concat([three.bytes, zeros, more]))).toMatchObject({ names: names(1, 2, 3, 4) });
    const torn = more.subarray(0, 50);
    expect(read(Buffer.concat([three.bytes, torn, zeros]))).toEqual(WHOLE);
    expect(read(Buffer.concat([three.bytes, torn, zeros, more]))).toMatchObject({ names: names(1, 2, 3, 4) });
  });
});

describe("races", () => {
  test("a line that came second is void, even after many more records", () => {
    const late = [0, 1, 2].map((seq) => recordOf(90 + seq, seq + 1, three.sums[seq]!).bytes);
    expect(read(Buffer.concat([three.bytes, ...late]))).toEqual(WHOLE);
    const more = recordOf(4, 4, three.sums[3]!).bytes;
    expect(read(Buffer.concat([three.bytes, ...late, more]))).toMatchObject({ names: names(1, 2, 3, 4) });
  });

  test("a line that follows a void one is damaged", () => {
    const lost = recordOf(9, 2, three.sums[1]!);
    const next = recordOf(10, 3, lost.sum);
    expect(read(Buffer.concat([three.bytes, lost.bytes, next.bytes]))).toBe("STORE_DAMAGED");
  });

  test("all readers get the same keys from interleaved writers, in pieces of any size", () => {
    const run = fc.property(
      fc.array(aStep, { maxLength: 30 }),
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 }),
      (steps, cuts) => {
        const { file, won, head } = interleave(steps, Buffer.alloc(0), { seq: 0, head: GENESIS });
        const ends = cuts.map((cut) => Math.floor(cut * file.length));
        const result = read(file, ends);
        expect(result).toEqual(read(file));
        if (result !== "STORE_DAMAGED" || !/\}\n\n|\}\n$/.test(file.toString())) {
          expect(result).toEqual({ names: won, head });
        }
      },
    );
    fc.assert(run, { numRuns: TORTURE ? 20_000 : 300 });
  });
});

/** Formats a fourth line with a valid sum and any members after `prev`. */
function formatBody(members: string, prev: string, v = 1): Buffer {
  const body = `{"v":${v},"seq":4,"prev":"${prev}","at":1,"by":"x",${members}`;
  return Buffer.from(`\n${body},"sum":"${hash("sha256", body)}"}\t`);
}
