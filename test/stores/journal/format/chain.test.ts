import { hash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { GENESIS } from "../../../../src/stores/journal/format/record.ts";
import { TORTURE } from "../../place.ts";
import { aStep, damagedLine, interleave, journalOf, read, recordOf } from "../bytes.ts";

const three = journalOf(3);
const names = (...numbers: number[]) => numbers.map((n) => `key-${n}`);
const WHOLE = { names: names(1, 2, 3), head: three.sums[3] };

test("a whole journal gives its keys and its head", () => {
  expect(read(three.bytes)).toEqual(WHOLE);
  expect(read(Buffer.alloc(0))).toEqual({ names: [], head: GENESIS });
});

describe("altered", () => {
  const bits = [0, 1, 2, 3, 4, 5, 6, 7].map((bit) => 1 << bit);

  test("any byte turned into another is damage, wherever it stands", () => {
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

  test("the number of the damaged line is the one an editor shows", () => {
    const text = three.bytes.toString();
    for (const line of [2, 3, 4]) {
      const lines = text.split("\n");
      lines[line - 1] = lines[line - 1]!.replace("ada", "eve");
      expect(damagedLine(Buffer.from(lines.join("\n")))).toBe(line);
    }
  });

  test("a line that is gone is damage, but for the last", () => {
    const [one, two, last] = three.records;
    expect(read(Buffer.concat([two!, last!]))).toBe("STORE_DAMAGED");
    expect(read(Buffer.concat([one!, last!]))).toBe("STORE_DAMAGED");
    expect(damagedLine(Buffer.concat([one!, last!]))).toBe(3);
    expect(read(Buffer.concat([one!, two!]))).toMatchObject({ names: names(1, 2) });
  });

  test("swapped lines are damage", () => {
    const [one, two, last] = three.records;
    expect(read(Buffer.concat([two!, one!, last!]))).toBe("STORE_DAMAGED");
    expect(read(Buffer.concat([one!, last!, two!]))).toBe("STORE_DAMAGED");
  });

  test("a line that wins by being put before the one that won is damage", () => {
    const won = recordOf(1, 1, GENESIS);
    const lost = recordOf(8, 1, GENESIS);
    const next = recordOf(2, 2, won.sum);
    expect(read(Buffer.concat([won.bytes, lost.bytes, next.bytes]))).toMatchObject({ names: names(1, 2) });
    expect(read(Buffer.concat([lost.bytes, won.bytes, next.bytes]))).toBe("STORE_DAMAGED");
  });

  test("a line whose sum is right and whose history is another's is damage", () => {
    const foreign = journalOf(4, 50).records[3]!;
    expect(read(Buffer.concat([three.bytes, foreign]))).toBe("STORE_DAMAGED");
    expect(read(Buffer.concat([three.bytes, recordOf(4, 5, three.sums[3]!).bytes]))).toBe("STORE_DAMAGED");
  });

  test("text behind a record is damage", () => {
    expect(read(Buffer.concat([three.bytes, Buffer.from("x")]))).toBe("STORE_DAMAGED");
    expect(read(Buffer.concat([three.bytes, Buffer.from(" \n")]))).toBe("STORE_DAMAGED");
  });

  test("a sum and a chain that hold do not make a record of something else", () => {
    const line = (body: string) => formatBody(body, three.sums[3]!);
    expect(read(Buffer.concat([three.bytes, line('"op":"generate","keys":[]')]))).toMatchObject({ names: WHOLE.names });
    for (const body of ['"op":"generate","keys":[{}]', '"op":7,"keys":[]', '"keys":[]', '"op":"x","keys":[[]]']) {
      expect(read(Buffer.concat([three.bytes, line(body)])), body).toBe("STORE_DAMAGED");
    }
  });

  test("a record of a later format is not damage, but no store either", () => {
    const later = formatBody('"op":"generate","keys":[]', three.sums[3]!, 2);
    expect(read(Buffer.concat([three.bytes, later]))).toBe("STORE_UNAVAILABLE");
  });
});

describe("cut short", () => {
  test("at any byte, a journal gives what was complete, and can be written on", () => {
    for (let length = 0; length < three.bytes.length; length++) {
      const cut = three.bytes.subarray(0, length);
      // A line that lacks its tab alone is complete.
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

  test("what a power cut leaves, a length without content, is void", () => {
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
  test("a line that comes second is void, also when many have come since", () => {
    const late = [0, 1, 2].map((seq) => recordOf(90 + seq, seq + 1, three.sums[seq]!).bytes);
    expect(read(Buffer.concat([three.bytes, ...late]))).toEqual(WHOLE);
    const more = recordOf(4, 4, three.sums[3]!).bytes;
    expect(read(Buffer.concat([three.bytes, ...late, more]))).toMatchObject({ names: names(1, 2, 3, 4) });
  });

  test("a line that follows a void one is damage", () => {
    const lost = recordOf(9, 2, three.sums[1]!);
    const next = recordOf(10, 3, lost.sum);
    expect(read(Buffer.concat([three.bytes, lost.bytes, next.bytes]))).toBe("STORE_DAMAGED");
  });

  test("any interleaving of writers gives every reader the same keys, in whatever pieces it reads", () => {
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

/** A fourth line with a right sum, around any members behind `prev`. */
function formatBody(members: string, prev: string, v = 1): Buffer {
  const body = `{"v":${v},"seq":4,"prev":"${prev}","at":1,"by":"x",${members}`;
  return Buffer.from(`\n${body},"sum":"${hash("sha256", body)}"}\t`);
}
