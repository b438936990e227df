import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hasDuplicateMembers } from "../../../src/server/guard/duplicate-members.ts";
import { foldText } from "../../../src/server/guard/fold-text.ts";
import { parseBody, readParsedBodies } from "../../../src/server/guard/parse-body.ts";
import type { RequestView } from "../../../src/server/guard/request-view.ts";
import { ToolScopes } from "../../../src/server/guard/tool-scopes.ts";
import { parseFirstWins } from "./first-wins.ts";

const RUNS = process.env["MCP_KEYS_TORTURE"] === "1" ? 200_000 : 3_000;
const LISTED = ["wipe", "read-all", "Straße", "é", "ﬁle", "σς", "İx"];
const scopes = new ToolScopes(new Map(LISTED.map((tool) => [tool, [`scope-of-${tool}`]])));

const view = (headers: Record<string, string> = {}) =>
  ({ header: (name: string) => headers[name] ?? null }) as unknown as RequestView;
const judge = (text: string, headers?: Record<string, string>) =>
  parseBody(new TextEncoder().encode(text), view(headers));

const call = (name: string) => `{"method":"tools/call","params":{"name":${name}}}`;

/** Runs the tools as a lenient server does: it ignores case and spaces, and looks names up in objects. */
function run(body: unknown): string[] {
  const messages = Array.isArray(body) ? (body as unknown[]).flat(2) : [body];
  return messages.flatMap((message) => {
    const { method, params } = (message ?? {}) as { method?: unknown; params?: { name?: unknown } | null };
    return String(method).trim().toLowerCase() === "tools/call" ? [String(params?.name).trim().toLowerCase()] : [];
  });
}

const CHANGES: ((text: string) => string)[] = [
  (text) => ` ${text}`,
  (text) => `${text}\u200b`,
  (text) => text.toUpperCase(),
  (text) => text.toLowerCase(),
];
/** One of the texts as JSON, sometimes changed a little, and often with escapes. */
const string = (...texts: string[]) => {
  const changed = fc
    .tuple(fc.constantFrom(...texts), fc.constantFrom(...CHANGES))
    .map(([text, change]) => change(text));
  const text = fc.oneof({ weight: 12, arbitrary: fc.constantFrom(...texts) }, { weight: 1, arbitrary: changed });
  return fc.tuple(text, fc.boolean()).map(([plain, escaped]) => {
    const json = JSON.stringify(plain);
    return escaped ? json.replace("e", "\\u0065").replace("/", "\\/") : json;
  });
};
const anything = fc.constantFrom("null", "1", "[]", "{}", '"x"', '["wipe"]', '["tools/call"]', '{"name":"wipe"}');
/** JSON text of an object in which members may appear twice, escaped, or in another case. */
const object = (...members: [name: string, value: fc.Arbitrary<string>][]) => {
  const member = fc.oneof(...members.map(([name, value]) => fc.tuple(string(name), value)));
  return fc
    .array(
      fc.oneof({ weight: 12, arbitrary: member }, { weight: 1, arbitrary: fc.tuple(string("method"), anything) }),
      {
        maxLength: 4,
      },
    )
    .map((pairs) => `{${pairs.map(([name, value]) => `${name} :${value}`).join(", ")}}`);
};
const params = object(["name", string(...LISTED, "add")], ["arguments", anything]);
const method = string("tools/call", "tools/call", "ping");
const plain = object(["method", method], ["params", params]);
const message = fc.oneof(plain, object(["method", method], ["params", params], ["__proto__", plain]));
const body = fc.oneof(
  message,
  message,
  fc.array(fc.oneof(message, anything)).map((all) => `[${all.join(",")}]`),
);

test("a body that passes runs exactly the judged tools, by every reading", () => {
  let passed = 0;
  fc.assert(
    fc.property(body, (text) => {
      const parsed = judge(text);
      if (!parsed.ok || scopes.neededBy(parsed.messages) === null) return;
      passed++;
      const judged = parsed.messages.flatMap(({ tool }) => (tool === null ? [] : [tool.trim().toLowerCase()]));
      expect(run(JSON.parse(text))).toEqual(judged);
      expect(run(parseFirstWins(text))).toEqual(judged);
      // As after a copy, which turns a member `__proto__` into a prototype.
      expect(run(copy(JSON.parse(text)))).toEqual(judged);
    }),
    { numRuns: RUNS },
  );
  expect(passed).toBeGreaterThan(RUNS / 20);
});

function copy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copy);
  return typeof value === "object" && value !== null ? Object.assign({}, value) : value;
}

test("a name that a server could take for a listed tool is that tool, or refused", () => {
  const change = fc.constantFrom<(text: string) => string>(
    (text) => text.toUpperCase(),
    (text) => text.toLowerCase(),
    (text) => text.normalize("NFC"),
    (text) => text.normalize("NFKD"),
    (text) => ` ${text}\n`,
    (text) => [...text].join("\u200b"),
    (text) => `\ufeff${text}\ufe0f`,
    (text) => text.normalize("NFD").replace(/(.)/gu, "$1\u00ad"),
    (text) => text.replace(/[!-~]/g, (char) => String.fromCharCode(char.charCodeAt(0) + 0xfee0)),
  );
  fc.assert(
    fc.property(fc.constantFrom(...LISTED), fc.array(change, { maxLength: 4 }), (tool, changes) => {
      const name = changes.reduce((text, apply) => apply(text), tool);
      expect(scopes.neededBy([{ method: "tools/call", tool: name }])).toEqual(
        name === tool ? [`scope-of-${tool}`] : null,
      );
    }),
    { numRuns: RUNS },
  );
});

test("folding a folded text changes nothing", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(foldText(foldText(text))).toBe(foldText(text));
    }),
    { numRuns: RUNS },
  );
});

const MARKS = `e${"\u0301\u0316".repeat(50_000)}`;
test.each([
  ["a tool name of combining characters", call(`"${MARKS}"`), undefined, true],
  ["a member of combining characters", `{"${MARKS}":1}`, undefined, true],
  ["a tool name of ligatures that stand for 18 characters", call(`"${"\uFDFA".repeat(1_000_000)}"`), undefined, true],
  ["a type that repeats charset", "{}", `application/json; ${"charset".repeat(25_000)}`, true],
])("judges %s in linear time", (_, text, type, ok) => {
  const start = performance.now();
  const parsed = judge(text, type === undefined ? {} : { "content-type": type });
  expect(parsed.ok).toBe(ok);
  if (parsed.ok) expect(scopes.neededBy(parsed.messages)).toEqual([]);
  expect(performance.now() - start).toBeLessThan(1_500);
});

test("finds a listed name however much padding it has", () => {
  const padded = ["\u200b".repeat(100_000), "wi", " ".repeat(100_000), "PE"].join("");
  expect(scopes.neededBy([{ method: "tools/call", tool: padded }])).toBeNull();
});

test("accepts two tools that differ only by case if both are listed", () => {
  const both = new ToolScopes(
    new Map([
      ["add", ["a"]],
      ["Add", ["b"]],
      ["*", ["admin"]],
    ]),
  );
  const needed = (tool: string) => both.neededBy([{ method: "tools/call", tool }]);
  expect([needed("add"), needed("Add"), needed("ADD"), needed("*"), needed("new")]).toEqual([
    ["a"],
    ["b"],
    null,
    ["admin"],
    ["admin"],
  ]);
});

describe("duplicate members", () => {
  const callWith = (params: string) => `{"method":"tools/call","params":${params}}`;
  test.each([
    ['{"a":1,"a":1}', false],
    ['{"a":1,"\\u0061":1}', false],
    ['{"a":{"b":1,"b":2}}', false],
    ['[{"params":{"name":1,"name":2}}]', false],
    ['{"a\\\\":1,"a\\"":2,"a\\\\\\"":3}', true],
    ['{"a":"b","b":"a"}', true],
    ['{"a":{"x":1},"b":{"x":1}}', true],
    ['[{"a":1},{"a":1}]', true],
    ['{"a":"a\\":1,\\"a"}', true],
    // Below the members that decide about a call.
    [callWith('{"name":"add","arguments":{"a":{"b":1,"b":2}}}'), true],
  ])("%s", (text, ok) => {
    expect(judge(text).ok).toBe(ok);
  });

  test("stays fast for hostile texts", () => {
    const size = 1024 * 1024;
    const texts = [
      `{"a":"${"\\\\".repeat(size)}"}`,
      `{"a":"${'\\"'.repeat(size)}"}`,
      `{"a":${"[".repeat(size)}${"]".repeat(size)}}`,
      `{"a":${'{"a":'.repeat(size / 8)}1${"}".repeat(size / 8)}}`,
      `{${Array.from({ length: size / 16 }, (_, i) => `"m${i}":1`).join(",")}}`,
    ];
    for (const text of texts) {
      const start = performance.now();
      expect(hasDuplicateMembers(text)).toBe(false);
      expect(performance.now() - start).toBeLessThan(5_000);
    }
  });
});

test.each([
  ["application/json", true],
  ["application/json; charset=UTF-8", true],
  ["application/problem+json", true],
  ["text/plain;charset=utf-8", true],
  ["application/json; charset=utf-16", false],
  ["application/json;charset=utf-8;charset=utf-7", false],
  ["application/x-www-form-urlencoded", false],
  ["multipart/form-data; boundary=json", false],
  ["application/json, application/x-www-form-urlencoded", false],
  ["application/json; charset; charset=utf-7", false],
  ["application/json; charset=", false],
  ["text/html", false],
])("a body of type %s is read as JSON: %s", (type, ok) => {
  expect(judge("{}", { "content-type": type }).ok).toBe(ok);
});

test("refuses JSON in UTF-16 or UTF-32, and accepts a byte order mark of UTF-8", () => {
  const parse = (bytes: Uint8Array) => parseBody(bytes, view()).ok;
  expect(parse(Buffer.from("{}", "utf16le"))).toBe(false);
  expect(parse(Buffer.from("\ufeff{}", "utf16le"))).toBe(false);
  expect(parse(Buffer.from([0, 0, 0, 0x7b, 0, 0, 0, 0x7d]))).toBe(false);
  expect(parse(Buffer.from("\ufeff{}"))).toBe(true);
});

test.each([
  [[undefined, null, "", {}, new Uint8Array(0), Object.create(null)], null],
  [[{ method: "ping" }], true],
  [["{}", Buffer.from("[]")], true],
  [[5], false],
  [["text"], false],
  [[new Map()], false],
  [[new URLSearchParams("a=b")], false],
  [[() => undefined], false],
])("reads what parsers have left: %o", (bodies, ok) => {
  expect(readParsedBodies(bodies, view())?.ok ?? null).toBe(ok);
});
