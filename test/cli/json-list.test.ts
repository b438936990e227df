import { expect, test } from "vitest";
import { createIo } from "../../src/cli/terminal/io.ts";

const FLAGS = { json: true, quiet: false, verbose: false };
const PAINT = { dim: String, warn: String, error: String };

/** Returns the output of a command, whose write number `failing` fails. */
function anIo(failing = Infinity) {
  const written: string[] = [];
  const stream = {
    ...{ fault: null, isTerminal: false, colors: 0 as const, columns: 80 },
    async write(text: string) {
      if (written.push(text) === failing) throw Object.assign(new Error("closed"), { code: "EPIPE" });
    },
  };
  const streams = { stdout: stream, stderr: stream } as unknown as Parameters<typeof createIo>[0];
  return { written, io: createIo(streams, FLAGS as Parameters<typeof createIo>[1], PAINT) };
}

test.each([0, 1, 999, 1_000, 1_001, 2_500])(
  "a list of %s items is one JSON document, written in pieces",
  async (count) => {
    const keys = Array.from({ length: count }, (_, i) => ({ name: `key-${i}` }));
    const [pieces, whole] = [anIo(), anIo()];
    await pieces.io.jsonList({ store: "file:a" }, "keys", keys);
    await whole.io.json({ store: "file:a", keys });
    expect(pieces.written.join("")).toBe(whole.written.join(""));
    expect(pieces.written).toHaveLength(Math.floor(count / 1_000) + 1);
  },
);

test("a list asks for no more items after its output was closed", async () => {
  let asked = 0;
  function* items() {
    while (asked < 100_000) yield asked++;
  }
  await expect(anIo(2).io.jsonList({}, "keys", items())).rejects.toMatchObject({ code: "EPIPE" });
  expect(asked).toBe(2_000);
});
