import fc from "fast-check";
import { expect, test } from "vitest";
import { createEventRewriter, createDocumentRewriter, type Rewriter } from "../../../src/server/guard/body-rewriter.ts";
import { hideTools } from "../../../src/server/guard/tool-scopes.ts";

const runs = { numRuns: process.env["MCP_KEYS_TORTURE"] === "1" ? 20_000 : 300 };
const isHidden = (tool: unknown) => tool === "wipe";
const LIST = JSON.stringify({ id: 1, result: { tools: [{ name: "add" }, { name: "wipe" }] } });
const SHOWN = JSON.stringify({ id: 1, result: { tools: [{ name: "add" }] } });

function feed({ push, end }: Rewriter, text: string, cuts: readonly number[] = []): string {
  const ends = [...cuts.map((cut) => cut % (text.length + 1)), text.length].sort((a, b) => a - b);
  let at = 0;
  let out = "";
  for (const cut of ends) {
    out += push(text.slice(at, cut));
    at = cut;
  }
  return out + end();
}

const line = fc.constantFrom(
  "data: a",
  "data:b",
  "data",
  "data: {}",
  ": ping",
  "id: 1",
  "event: message",
  "x",
  "data: é",
);
const stream = fc
  .array(fc.tuple(line, fc.constantFrom("\n", "\r\n", "\r", "\n\n", "\r\n\r\n", "\r\r", "\n\r\n", "\r\n\n")))
  .map((lines) => lines.flat().join(""));
const cuts = fc.array(fc.nat(500), { maxLength: 8 });

test("passes events without a tool list unchanged, however they are split into chunks", () => {
  fc.assert(
    fc.property(stream, cuts, (text, at) => {
      expect(
        feed(
          createEventRewriter((data) => hideTools(data, isHidden)),
          text,
          at,
        ),
      ).toBe(text);
    }),
    runs,
  );
});

test("finds a tool list with any line ending, however it is split into chunks", () => {
  fc.assert(
    fc.property(fc.constantFrom("\n", "\r\n", "\r"), cuts, fc.boolean(), (end, at, split) => {
      const data = split ? LIST.replace(',"result"', `,${end}data: "result"`) : LIST;
      const text = `: hi${end}${end}id: 7${end}data: ${data}${end}${end}data: last${end}${end}`;
      const out = feed(
        createEventRewriter((each) => hideTools(each, isHidden)),
        text,
        at,
      );
      expect(out).not.toContain("wipe");
      expect(out).toContain(`id: 7\ndata: ${SHOWN}\n\n`);
      expect(out.startsWith(`: hi${end}${end}`) && out.endsWith(`data: last${end}${end}`)).toBe(true);
    }),
    runs,
  );
});

test("sends an event as soon as it is complete", () => {
  const { push, end } = createEventRewriter((data) => data);
  expect(push("data: 1\n")).toBe("");
  expect(push("\ndata: 2")).toBe("data: 1\n\n");
  expect(end()).toBe("data: 2");
});

test("holds a document back until its end, and passes a too long document unchanged", () => {
  const rewriter = createDocumentRewriter((text) => hideTools(text, isHidden));
  expect(rewriter.push(LIST.slice(0, 20)) + rewriter.push(LIST.slice(20))).toBe("");
  expect(rewriter.end()).toBe(SHOWN);

  for (const create of [createDocumentRewriter, createEventRewriter]) {
    const long = create(() => "rewritten");
    const piece = `data: ${"x".repeat(3_000_000)}`;
    expect(long.push(piece) + long.push(piece) + long.push(piece) + long.end()).toBe(piece.repeat(3));
  }
});

test.each([
  ["a list", LIST, SHOWN],
  ["a batch", `[${LIST},${LIST}]`, `[${SHOWN},${SHOWN}]`],
  [
    "a list with nothing to hide, unchanged to the byte",
    '{ "result": {"tools": [{"name": "add"}, null, 7]}}',
    undefined,
  ],
  ["an error", '{"error":{"message":"no \\"tools\\" wipe"}}', undefined],
  ["a result that is null", '{"result":null,"x":"tools"}', undefined],
  ["truncated JSON", `{"result":{"tools":[{"name":"wipe"}`, undefined],
])("hides tools in %s", (_, text, out = text) => {
  expect(hideTools(text, isHidden)).toBe(out);
});
