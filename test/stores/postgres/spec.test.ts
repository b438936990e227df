import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { KeysError } from "../../../src/errors.ts";
import { openStore } from "../../../src/stores/index.ts";
import { formatTarget, parseTarget } from "../../../src/stores/postgres/spec.ts";
import { aWorld, TORTURE } from "../place.ts";

const env = { USER: "ada" };

test.each([
  ["//", {}, { host: "localhost", sslMode: "disable" }],
  ["///app", {}, { host: "localhost", database: "app", sslMode: "disable" }],
  ["//web@db.example/app", {}, { host: "db.example", user: "web", database: "app", sslMode: "verify-full" }],
  ["//web@db.example:6432/app", {}, { port: 6432 }],
  ["//we%40b@db.example/a%2Fb", {}, { user: "we@b", database: "a/b" }],
  ["//[::1]:6432/app", {}, { host: "::1", port: 6432, sslMode: "disable" }],
  ["//[2001:db8::1]/app", {}, { host: "2001:db8::1", sslMode: "verify-full" }],
  ["//127.0.0.1", {}, { host: "127.0.0.1", sslMode: "disable" }],
  ["//web@%2Frun%2Fpostgresql/app", {}, { host: "/run/postgresql", sslMode: "disable" }],
  ["///app?host=/run/postgresql&port=6432", {}, { host: "/run/postgresql", port: 6432 }],
  ["//db.example/app?schema=keys_2&listen=off", {}, { schema: "keys_2", listen: false }],
  ["//db.example/app?listen=on", {}, { listen: true }],
  ["//db.example?sslmode=verify-ca&sslrootcert=/etc/ca%20x.pem", {}, { rootCertificate: "/etc/ca x.pem" }],
  ["//127.0.0.1?sslmode=verify-full&sslcert=a&sslkey=b", {}, { sslMode: "verify-full", certificate: "a", key: "b" }],
  ["//", { PGHOST: "h.example", PGPORT: "1", PGUSER: "u", PGDATABASE: "d" }, { host: "h.example", port: 1, user: "u" }],
  ["//x.example", { PGHOST: "h.example", PGSSLMODE: "require", PGSSLROOTCERT: "r" }, { rootCertificate: "r" }],
  ["//x.example", { PGSSLMODE: "prefer" }, { sslMode: "verify-full" }],
  ["//x.example?sslmode=disable", { PGSSLMODE: "verify-full" }, { sslMode: "disable" }],
  ["///x?host=/run/postgresql", { PGSSLMODE: "require" }, { sslMode: "disable" }],
])("reads %s with %o", (location, more, expected) => {
  expect(parseTarget(location, { ...env, ...more })).toMatchObject(expected);
});

test("completes what is missing", () => {
  expect(parseTarget("//", env)).toEqual({
    ...{ host: "localhost", port: 5432, user: "ada", database: "ada" },
    ...{ schema: "mcp_keys", listen: undefined, sslMode: "disable" },
  });
});

test.each([
  ["db.example/app", "not of the form"],
  ["/app", "not of the form"],
  ["//a.example,b.example/app", "not of the form"],
  ["//h/a/b", "not of the form"],
  ["//h/a#b", "not of the form"],
  ["//h:0/a", "port"],
  ["//h:65536/a", "port"],
  ["//h/a?port=x", "port"],
  ["//h/a?schema=Keys", "schema"],
  ["//h/a?schema=public", "schema"],
  ["//h/a?schema=pg_keys", "schema"],
  ["//h/a?schema=a;drop", "schema"],
  ["//h/a?listen=maybe", "listen"],
  ["//h/a?sslmode=prefer", "sslmode"],
  ["//h/a?connect_timeout=1", "option"],
  ["//%zz/a", "percent-encoding"],
  ["//h/a%00b", "control character"],
  ["//h%0a/a", "control character"],
])("rejects %s", (location, what) => {
  expect(() => parseTarget(location, env)).toThrow(
    expect.objectContaining({ code: "USAGE", message: expect.stringContaining(what) }),
  );
});

test("asks for a user if there is none", () => {
  expect(() => parseTarget("//h/a", {})).toThrow(expect.objectContaining({ code: "USAGE" }));
});

describe("a password", () => {
  test.each([
    "postgres://ada:s3cret@db.example/app",
    "postgresql://ada:s3cret@db.example/app",
    "postgres://ada:s3c@ret@db.example/app",
    "postgres://ada:s3cret/x@db.example/app",
    "postgres://ada:s3cret?x@db.example/app",
    "postgres://:s3cret@db.example",
    "postgres://ada%40x:s3cret@db.example/app?schema=a",
    "postgres://db.example/app?password=s3cret",
    "postgres://db.example/app?sslmode=disable&passwordx=s3cret",
  ])("in %s is an error that does not repeat it", async (spec) => {
    const fault: unknown = await openStore(spec, aWorld(null, env)).catch((each: unknown) => each);
    expect(fault).toMatchObject({ code: "USAGE", hint: expect.stringContaining("PGPASSWORD") });
    expect(JSON.stringify(fault) + String((fault as Error).stack)).not.toContain("s3cret");
  });

  test("is never repeated, whatever the spec is", () => {
    const secret = "pQ7zS3cretX";
    const around = fc.string({ unit: fc.constantFrom(...":@/?#[]%&=.,aA1"), maxLength: 12 });
    fc.assert(
      fc.property(around, around, (before, after) => {
        try {
          // Without a colon and an @ around it, it is the name of something.
          const target = parseTarget(`//${before}:${secret}@${after}`, env);
          expect(JSON.stringify(target)).not.toContain(secret);
        } catch (fault) {
          if (!(fault instanceof KeysError)) throw fault;
          expect(fault.code).toBe("USAGE");
          expect(fault.message + fault.hint).not.toContain(secret);
        }
      }),
      { numRuns: TORTURE ? 20_000 : 500 },
    );
  });
});

test("formats a target so that it is read as the same", () => {
  const name = fc
    .string({ unit: "grapheme", minLength: 1, maxLength: 12 })
    .filter((text) => !/[\0-\x1f\x7f]/.test(text));
  const host = fc.oneof(
    fc.constantFrom("localhost", "db.example", "::1", "2001:db8::1", "10.0.0.1", "/run/postgresql", "/tmp/a b"),
  );
  const target = fc.record(
    {
      host,
      port: fc.integer({ min: 1, max: 65_535 }),
      user: name,
      database: name,
      schema: fc
        .stringMatching(/^[a-z][a-z0-9_]{0,20}$/)
        .filter((text) => text !== "public" && !text.startsWith("pg_")),
      listen: fc.constantFrom(true, false, undefined),
      sslMode: fc.constantFrom("disable" as const, "require" as const, "verify-ca" as const, "verify-full" as const),
      rootCertificate: name,
      certificate: name,
      key: name,
    },
    { requiredKeys: ["host", "port", "user", "database", "schema", "listen", "sslMode"] },
  );
  fc.assert(
    fc.property(target, (each) => {
      const spec = formatTarget(each);
      expect(spec.startsWith("postgres://")).toBe(true);
      expect(parseTarget(spec.slice("postgres:".length), {})).toEqual(each);
    }),
    { numRuns: TORTURE ? 20_000 : 300 },
  );
});

test("opening a store connects to nothing", async () => {
  const store = await openStore("postgres://ada@127.0.0.1:1/none", aWorld());
  expect(store.spec).toBe("postgres://ada@127.0.0.1:1/none");
  await store.close();
});
