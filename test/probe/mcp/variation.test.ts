import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { pack } from "../../../src/probe/mcp/pack.ts";
import { combine, vary, type Variation } from "../../../src/probe/mcp/variation.ts";
import { RUNS } from "../../arbitraries.ts";

const request = {
  url: new URL("http://server.example/mcp?a=1"),
  method: "POST",
  headers: { accept: "*/*", "mcp-session-id": "s1" },
  body: "{}",
};

describe("vary", () => {
  test("sets what a variation names and keeps the rest", () => {
    const variation: Variation = {
      name: "x",
      method: "PUT",
      query: "b=2",
      headers: { accept: null, host: null, x: "1" },
    };
    expect(vary(request, variation)).toMatchObject({
      method: "PUT",
      path: "/mcp?a=1&b=2",
      headers: { x: "1", "mcp-session-id": "s1" },
      body: "{}",
      omitHost: true,
    });
    expect(vary(request, variation).headers).not.toHaveProperty("accept");
  });

  test("adds the query to another path, and keeps the session of the server", () => {
    const varied = vary(request, { name: "x", path: "/other", query: "b", headers: { "mcp-session-id": "mine" } });
    expect(varied).toMatchObject({ path: "/other?b", headers: { "mcp-session-id": "s1" } });
  });
});

describe("combine", () => {
  test("joins user agents, cookies, parameters and bodies, and puts what looks like a file last", () => {
    const combined = combine([
      {
        name: "a",
        headers: { "user-agent": "a/1", cookie: "a=1" },
        query: "v=.css",
        body: (json) => `1${json}`,
        composes: true,
      },
      {
        name: "b",
        headers: { "user-agent": "b/1", cookie: "b=1" },
        query: "debug=1",
        body: (json) => `2${json}`,
        composes: true,
      },
    ]);
    expect(combined).toMatchObject({
      name: "a + b",
      headers: { "user-agent": "a/1 b/1", cookie: "a=1; b=1" },
      query: "debug=1&v=.css",
    });
    expect(combined.body?.("{}")).toBe("21{}");
  });
});

const NAMES = ["x-a", "x-b", "user-agent", "cookie"];
const variations: fc.Arbitrary<Variation[]> = fc
  .array(
    fc.record(
      {
        method: fc.constantFrom("PUT", "GET"),
        path: fc.constant("/x"),
        query: fc.constantFrom("a=1", "a=2", "b"),
        headers: fc.dictionary(fc.constantFrom(...NAMES), fc.constantFrom("1", "2"), { maxKeys: 2 }),
        body: fc.constant((json: string) => `${json} `),
        composes: fc.constant(true as const),
        era: fc.constantFrom("modern" as const, "legacy" as const),
        alone: fc.constant(true as const),
      },
      { requiredKeys: [] },
    ),
    { maxLength: 40 },
  )
  .map((made) => made.map((one, i): Variation => ({ ...one, name: `the variation ${String(i)}` })));

describe("pack", () => {
  test("sends every variation once, and none with another that it would replace", () => {
    fc.assert(
      fc.property(variations, fc.boolean(), (all, spread) => {
        const groups = pack(all, { spread });
        expect(
          groups
            .flat()
            .map(({ name }) => name)
            .sort(),
        ).toEqual(all.map(({ name }) => name).sort());
        for (const group of groups) {
          const { headers = {}, query = "", ...combined } = combine(group);
          for (const one of group) {
            expect(one.alone !== true || group.length === 1).toBe(true);
            expect(combined.era).toBe(one.era);
            if (one.method !== undefined) expect(combined.method).toBe(one.method);
            if (one.query !== undefined) expect(query.split("&")).toContain(one.query);
            for (const [name, value] of Object.entries(one.headers ?? {})) {
              expect(String(headers[name]).split(/; | /)).toContain(value);
            }
          }
        }
      }),
      { numRuns: RUNS.some },
    );
  });

  test("limits the headers of a request, and adds to given requests in order", () => {
    const many = Array.from({ length: 200 }, (_, i): Variation => ({
      name: `n${String(i)}`,
      headers: { [`x-${String(i)}`]: "1" },
    }));
    expect(pack(many).map((group) => group.length)).toEqual([88, 88, 24]);
    const into = [[{ name: "first", method: "PUT" }], [{ name: "alone", alone: true as const }]];
    expect(pack(many.slice(0, 2), { into }).map((group) => group.map(({ name }) => name))).toEqual([
      ["first", "n0", "n1"],
      ["alone"],
    ]);
  });
});
