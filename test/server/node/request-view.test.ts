import type { IncomingMessage } from "node:http";
import fc from "fast-check";
import { expect, test } from "vitest";
import { NodeRequestView } from "../../../src/server/node/request-view.ts";

const SINGLE = [
  ...["host", "origin", "content-type", "mcp-protocol-version"],
  ...["mcp-session-id", "mcp-method", "mcp-name", "last-event-id"],
];
const ASKED = [...SINGLE, "authorization", "x-api-key", "accept", `x-${"long".repeat(8)}`, `x-${"long".repeat(7)}`];
/** Of the same lengths as those asked for, or 32 longer. */
const OTHERS = [
  "",
  "hose",
  "content-length",
  "accept-language",
  "x-api-\u212aey",
  "\u212aost",
  "@ost",
  "hos`",
  "__proto__",
];
const mixed = (name: string) =>
  fc
    .array(fc.boolean(), { minLength: name.length, maxLength: name.length })
    .map((upper) => [...name].map((char, i) => (upper[i] === true ? char.toUpperCase() : char)).join(""));
const name = fc.oneof(
  fc.constantFrom(...ASKED).chain((each) => fc.oneof(fc.constant(each), mixed(each))),
  fc.constantFrom(...OTHERS, `host${"x".repeat(32)}`, `origin${"y".repeat(32)}`),
  fc.string({ maxLength: 40 }),
);
const value = fc.string({ unit: fc.constantFrom("a", "B", " ", ";", "="), maxLength: 6 });
const raw = fc.tuple(fc.array(fc.tuple(name, value), { maxLength: 10 }), fc.option(name));

/** Lower case of the letters of ASCII only, as names of headers are compared. */
const fold = (text: string): string => text.replace(/[A-Z]/g, (char) => char.toLowerCase());

test("reads each header as a search through all names does, and refuses those sent twice", () => {
  fc.assert(
    fc.property(raw, ([pairs, unfinished]) => {
      const rawHeaders = [...pairs.flat(), ...(unfinished === null ? [] : [unfinished])];
      fc.pre(pairs[0]?.[0].startsWith(":") !== true);
      const view = new NodeRequestView({ rawHeaders, httpVersionMajor: 1 } as unknown as IncomingMessage);
      const valuesOf = (wanted: string) => pairs.filter(([sent]) => fold(sent) === wanted).map(([, sent]) => sent);
      for (const each of ASKED) {
        const values = valuesOf(each);
        expect([each, view.header(each)]).toEqual([each, values.length === 0 ? null : values.join(", ")]);
      }
      const repeated = SINGLE.some((each) => valuesOf(each).length > 1);
      expect(view.flaw?.response.status ?? null).toBe(repeated ? 400 : null);
    }),
    { numRuns: 1_000 },
  );
});

test("does not take a Kelvin sign for the K of a name", () => {
  const rawHeaders = ["X-API-\u212aey", "secret"];
  const view = new NodeRequestView({ rawHeaders } as unknown as IncomingMessage);
  expect(view.header("x-api-key")).toBeNull();
});
