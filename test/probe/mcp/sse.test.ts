import fc from "fast-check";
import { expect, test } from "vitest";
import { createSseParser, type SseEvent } from "../../../src/probe/mcp/sse.ts";
import { RUNS } from "../../arbitraries.ts";
import vectors from "../../vectors/sse.json" with { type: "json" };

function parse(...chunks: string[]): SseEvent[] {
  return chunks.flatMap(createSseParser());
}

test.each(vectors.cases)("$name", ({ stream, events }) => {
  expect(parse(stream)).toEqual(events);
  expect(parse(...stream)).toEqual(events);
});

const piece = fc.constantFrom(
  "\r",
  "\n",
  "\r\n",
  "\n\n",
  "data",
  "data:",
  "data: ",
  "event: x",
  "id: 1",
  ":",
  " ",
  "\uFEFF",
  "a",
  "é",
);

test("returns the same events no matter how the stream is split", () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), fc.array(fc.nat(60), { maxLength: 8 }), (pieces, cuts) => {
      const stream = pieces.join("");
      const edges = [0, ...cuts.sort((a, b) => a - b), stream.length];
      const chunks = edges.slice(1).map((end, i) => stream.slice(edges[i], end));
      expect(parse(...chunks)).toEqual(parse(stream));
    }),
    { numRuns: RUNS.some },
  );
});

test("returns the data that the server wrote", () => {
  const data = fc.string().map((text) => text.replace(/[\r\n\0]/g, ""));
  fc.assert(
    fc.property(
      fc.array(fc.array(data, { minLength: 1, maxLength: 3 })),
      fc.constantFrom("\n", "\r", "\r\n"),
      (events, end) => {
        const stream = events.map((lines) => lines.map((line) => `data: ${line}${end}`).join("") + end).join("");
        expect(parse(stream).map((event) => event.data)).toEqual(events.map((lines) => lines.join("\n")));
      },
    ),
    { numRuns: RUNS.some },
  );
});

test("parses a one-megabyte line in small chunks in linear time", () => {
  const push = createSseParser();
  push("data: ");
  for (let i = 0; i < 100_000; i++) push("0123456789");
  expect(push("\n\n")[0]?.data).toHaveLength(1_000_000);
});
