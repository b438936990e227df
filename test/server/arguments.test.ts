import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { KeysError } from "../../src/errors.ts";
import * as library from "../../src/index.ts";
import { RUNS } from "../arbitraries.ts";
import { adapters } from "./guard/adapters.ts";

const SECRET = "mcp_7Fq2x9Lm0aBc_hunter2hunter2hunter2hunter2hunter2hunter2hunter2";

let store: library.KeyStore;
let verifier: library.Verifier;
beforeAll(async () => {
  store = await library.openStore("memory:");
  verifier = await library.createVerifier({ store });
});
afterAll(() => verifier.close());

type Options = Record<string, unknown>;
/** Every function that takes options, called as a caller without types would. */
const CALLS: Record<string, { readonly names: readonly string[]; readonly call: (options: unknown) => unknown }> = {
  guardNode: { names: GUARD(), call: (options) => library.guardNode(verifier, options as Options) },
  guardFetch: { names: GUARD(), call: (options) => library.guardFetch(verifier, options as Options) },
  guardUpgrade: {
    names: GUARD().filter((name) => name !== "toolScopes"),
    call: (options) => library.guardUpgrade(verifier, () => undefined, options as Options),
  },
  guardFastify: {
    names: GUARD(),
    call: async (options) => {
      const fastify = { decorateRequest: () => 0, hasRequestDecorator: () => true, addHook: () => 0 };
      const own = typeof options === "object" && options !== null && !Array.isArray(options);
      await library.guardFastify(fastify, (own ? withMember(options, "verifier", verifier) : options) as never);
    },
  },
  createTokenVerifier: {
    names: ["audience"],
    call: (options) => library.createTokenVerifier(verifier, (text) => new Error(text), options as Options),
  },
  createVerifier: {
    names: [
      ...["now", "maxStaleness", "pollEvery", "flushEvery", "peppers", "allowMissingPeppers"],
      ...["audience", "onVerdict", "onFault", "log"],
    ],
    call: async (options) => {
      await (await library.createVerifier(withStore(options))).close();
    },
  },
  createKeys: { names: ["now", "by", "peppers"], call: (options) => library.createKeys(withStore(options)) },
  requireApiKeyFromEnv: {
    names: ["variable", "env", "scopes", "audience", "answer", "now"],
    call: async (options) => {
      const env = { MCP_API_KEY: "x" };
      const all = typeof options === "object" && options !== null && !Array.isArray(options) && !("env" in options);
      await library.requireApiKeyFromEnv(withStore(all ? withMember(options, "env", env) : options)).catch(allow);
    },
  },
  openStore: {
    names: ["env", "uid", "dataDir", "attended", "notify"],
    call: (options) => library.openStore("memory:", options as Options),
  },
  "verifier.verify": { names: ["scopes", "audience"], call: (options) => verifier.verify("x", options as Options) },
};

function GUARD(): string[] {
  return [
    ...["scopes", "toolScopes", "audience", "realm", "apiKeyHeader"],
    ...["allowedOrigins", "allowedHosts", "allowedHeaders", "openPaths", "sessions"],
  ];
}

/** Adds a member and keeps getters, classes and prototypes as they are. */
function withMember(options: object, name: string, value: unknown): object {
  const copy = Object.create(
    Object.getPrototypeOf(options) as object | null,
    Object.getOwnPropertyDescriptors(options),
  ) as object;
  return Object.defineProperty(copy, name, { value, enumerable: true });
}

function withStore(options: unknown): never {
  const own = typeof options === "object" && options !== null && !Array.isArray(options);
  return (own && !(options instanceof Map) ? withMember(options, "store", store) : options) as never;
}

/** The refusals of a stdio guard, which is right about its options. */
function allow(cause: unknown): void {
  if (!(cause instanceof KeysError) || !["TOKEN_REFUSED", "TOKEN_UNUSABLE", "INPUT_REQUIRED"].includes(cause.code)) {
    throw cause;
  }
}

async function outcome(run: () => unknown): Promise<KeysError | null> {
  try {
    await run();
    return null;
  } catch (cause) {
    if (cause instanceof KeysError) return cause;
    throw cause;
  }
}

const throwing = Object.defineProperty({}, "then", {
  get: () => {
    throw new Error("a getter");
  },
}) as unknown;
const junk = fc.oneof(
  fc.anything({ withNullPrototype: true, withMap: true, withSet: true, withDate: true, withBigInt: true }),
  fc.constantFrom<unknown>(
    ...[null, true, NaN, -1, 5, "", "x", SECRET, "a\nb", Symbol("x"), [], [SECRET], [5], [null], new Array(3), {}],
    ...[() => 5, async () => 5, Promise.resolve(5), new Map([["tool", ["x"]]]), throwing, new Proxy({}, {})],
    ...[{ tool: "x" }, { tool: [5] }, { "": ["x"] }, JSON.parse('{"__proto__":["x"]}'), { constructor: ["x"] }],
  ),
);

describe.each(Object.keys(CALLS))("%s", (name) => {
  const { names, call } = CALLS[name]!;

  test("works, or rejects its options with USAGE, whatever an option is", async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names), junk, async (option, value) => {
        const fault = await outcome(() => call({ [option]: value }));
        if (fault !== null) expect(["USAGE", "PEPPER_INVALID"]).toContain(fault.code);
        expect(`${fault?.message} ${fault?.hint}`).not.toContain(SECRET);
      }),
      { numRuns: RUNS.some },
    );
  });

  test("rejects what is no plain object, and says what it is", async () => {
    class Options {
      readonly scopes = ["x"];
    }
    const given: [unknown, string][] = [
      ...([
        [null, "null"],
        ["x", "a string"],
        [[], "an empty array"],
        [5, "5"],
      ] as [unknown, string][]),
      ...([
        [new Options(), "an object"],
        [Object.create({ scopes: ["x"] }), "an object"],
      ] as [unknown, string][]),
    ];
    for (const [options, says] of given) {
      const fault = await outcome(() => call(options));
      expect(fault, says).toMatchObject({ code: "USAGE", message: expect.stringContaining(`not ${says}`) });
    }
  });

  test("rejects an unknown option, and suggests the one that was meant", async () => {
    const [first = ""] = names;
    const fault = await outcome(() => call({ [first.slice(0, -1)]: "x" }));
    expect(fault).toMatchObject({ code: "USAGE", hint: expect.stringContaining("its options are") });
    if (first.length > 4) expect(fault?.hint).toContain(`did you mean ${first}?`);
  });

  test("rejects options that cannot be read", async () => {
    const options = Object.defineProperty({}, names[0]!, {
      enumerable: true,
      get() {
        throw new TypeError(SECRET);
      },
    });
    const fault = await outcome(() => call(options));
    expect(fault).toMatchObject({ code: "USAGE", message: expect.stringContaining("cannot be read") });
  });
});

test.each(["guardNode", "guardFetch", "guardUpgrade", "createTokenVerifier"] as const)(
  "%s rejects a verifier that was not awaited, and what is none",
  async (name) => {
    const call = library[name] as (verifier: unknown, second?: unknown) => unknown;
    const second = name === "guardUpgrade" || name === "createTokenVerifier" ? () => new Error("x") : {};
    const pending = library.createVerifier({ store });
    expect(() => call(pending, second)).toThrow(
      expect.objectContaining({
        code: "USAGE",
        message: `verifier of ${name} is a promise, not a verifier`,
        hint: expect.stringContaining("await it"),
      }),
    );
    await (await pending).close();
    for (const [given, says] of [
      [undefined, "is missing"],
      [null, "is null"],
      [SECRET, "is a string"],
      [{ verify: () => ({ ok: true }) }, "is an object"],
    ] as const) {
      expect(() => call(given, second)).toThrow(
        expect.objectContaining({ code: "USAGE", message: expect.stringContaining(says) }),
      );
    }
  },
);

test("rejects missing arguments", async () => {
  for (const call of [library.createVerifier, library.createKeys, library.requireApiKeyFromEnv, library.probe]) {
    expect(await outcome(call as () => unknown)).toMatchObject({ code: "USAGE" });
  }
  const refuse = (() => undefined) as never;
  expect(() => library.createTokenVerifier(verifier, refuse)).toThrow(expect.objectContaining({ code: "USAGE" }));
  for (const options of [{ url: 5, key: "x" }, { url: "https://a.example" }, { url: "https://a.example", key: 5 }]) {
    await expect(library.probe(options as never)).rejects.toMatchObject({ code: "USAGE" });
  }
});

test.each([
  [{ now: Date.now }, "whole seconds"],
  [{ now: () => 1.5 }, "whole seconds"],
  [{ log: "x" }, "log of createVerifier is a string, not a function"],
  [{ peppers: "abc" }, "peppers of createVerifier is a string"],
  [{ maxStaleness: -1 }, "maxStaleness of createVerifier is -1"],
  [{ store: library.openStore("memory:") }, "store of createVerifier is a promise"],
])("createVerifier rejects %o", async (options, message) => {
  const fault = await outcome(async () => library.createVerifier({ store, ...options } as never));
  expect(fault).toMatchObject({ code: "USAGE", message: expect.stringContaining(message) });
});

test.each(Object.keys(adapters))("%s keeps its options, whatever the caller does to them later", async (name) => {
  const scopes = ["admin"];
  const tools = { wipe: ["admin"] };
  const options: Options = { scopes, toolScopes: tools };
  const server = await adapters[name]!(verifier, options);
  const { token } = await library
    .createKeys({ store, peppers: [] })
    .generate({ name: name.replace(":", "-"), expiresAt: null });
  await verifier.refresh();
  scopes.length = 0;
  tools.wipe.length = 0;
  options["scopes"] = [];
  const { status } = await server.ask({ headers: ["Authorization", `Bearer ${token.reveal()}`] });
  expect(status).toBe(403);
  await server.close();
});

test("an option on Object.prototype does not count", async () => {
  const prototype = Object.prototype as Options;
  prototype["allowedOrigins"] = "any";
  try {
    const guard = library.guardFetch(verifier);
    const request = new Request("http://127.0.0.1/mcp", { headers: { Origin: "https://evil.example" } });
    expect(await guard(request)).toMatchObject({ ok: false, response: { status: 403 } });
  } finally {
    delete prototype["allowedOrigins"];
  }
});
