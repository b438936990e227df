import { generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { digestToken, FORGOTTEN } from "../../../src/core/digest.ts";
import { judge } from "../../../src/core/judge.ts";
import type { Key } from "../../../src/core/key.ts";
import { keysOf, toKeyset, type Keyset } from "../../../src/core/keyset/keyset.ts";
import { parseKeyset } from "../../../src/core/keyset/parse-keyset.ts";
import { parsePublicKeys, parseSigningKey, signKeyset } from "../../../src/core/keyset/signature.ts";
import { base62, RUNS } from "../../arbitraries.ts";
import { aKey, aVersion } from "../../fakes.ts";

const now = 1_800_000_000;
const made = (keys: Key[], names = true): Keyset =>
  toKeyset(keys, { store: "file:/k", seq: 7, epoch: "first", now, names });
const parse = (text: string, publicKeys: ReturnType<typeof parsePublicKeys> = null) =>
  parseKeyset(text, { source: "keyset.json", publicKeys });
const invalid = expect.objectContaining({ code: "KEYSET_INVALID" });

const versions = fc.record({
  state: fc.constantFrom("pending", "current", "retiring", "retired", "revoked"),
  end: fc.option(fc.integer({ min: now - 5, max: now + 5 })),
  overlap: fc.integer({ min: now - 5, max: now + 5 }),
});
const keys = fc
  .uniqueArray(
    fc.record({ id: base62(12), enabled: fc.boolean(), scopes: fc.array(fc.string()), versions: fc.array(versions) }),
    { selector: ({ id }) => id, maxLength: 5 },
  )
  .map((all) =>
    all.map(({ id, enabled, scopes, versions: each }) =>
      aKey({
        ...{ id, name: `name-${id}`, enabled, scopes },
        versions: each.map(({ state, end, overlap }, i) =>
          aVersion({
            ...{ n: i + 1, digest: digestToken(`${id} ${i}`), state, expiresAt: end },
            ...(state === "retiring" && { retiresAt: overlap }),
          }),
        ),
      }),
    ),
  );

test("a server with the keyset judges every token as the store does, at any time", () => {
  fc.assert(
    fc.property(keys, fc.integer({ min: 0, max: 8 }), fc.boolean(), (all, later, encoded) => {
      const text = JSON.stringify(made(all));
      const copy = keysOf(parse(encoded ? Buffer.from(text).toString("base64url") : text));
      for (const key of all) {
        for (const version of key.versions) {
          const demand = { now: now + later, scopes: ["a"] };
          const there = copy.find(({ id }) => id === key.id);
          const same = there?.versions.find(({ digest }) => digest === version.digest);
          const expected = judge(key, version, demand);
          if (there !== undefined && same !== undefined) {
            expect(judge(there, same, demand)).toMatchObject({
              ok: expected.ok,
              ...(!expected.ok && { reason: expected.reason }),
            });
          } else expect(expected.ok).toBe(false);
        }
      }
    }),
    { numRuns: RUNS.some },
  );
});

test("contains neither ended versions nor tokens, notes, owners or tags", () => {
  const text = JSON.stringify(
    made([
      aKey({
        ...{ note: "a note", owner: "an owner", tags: { team: "payments" } },
        versions: [
          aVersion({ state: "revoked", reason: "compromised", digest: FORGOTTEN }),
          aVersion({ n: 2, state: "retired", retiresAt: 5, digest: digestToken("retired") }),
          aVersion({ n: 3, digest: digestToken("current") }),
        ],
      }),
    ]),
  );
  expect(JSON.parse(text)).toEqual({
    ...{ keyset: 1, store: "file:/k", seq: 7, epoch: "first", at: "2027-01-15T08:00:00Z" },
    keys: [
      {
        ...{ id: "7Fq2x9Lm0aBc", name: "ci", prefix: "mcp", enabled: true, scopes: [], audience: [] },
        versions: [{ n: 3, digest: digestToken("current"), state: "current", expiresAt: null }],
      },
    ],
  });
});

test("names the keys that have ended by their ids only, and a store with it has them as revoked", () => {
  const gone = aKey({ id: "GGGGGGGGGGGG", name: "gone", note: "n", versions: [aVersion({ expiresAt: now - 1 })] });
  const keyset = parse(JSON.stringify(made([aKey(), gone])));
  expect(keyset).toMatchObject({ keys: [{ name: "ci" }], ended: ["GGGGGGGGGGGG"] });
  expect(keysOf(keyset)[1]).toMatchObject({
    id: gone.id,
    name: gone.id,
    versions: [{ state: "revoked", digest: FORGOTTEN }],
  });
  expect(made([aKey()])).not.toHaveProperty("ended");
});

test("a key without a name gets its id", () => {
  const [key] = keysOf(parse(JSON.stringify(made([aKey()], false))));
  expect(key?.name).toBe("7Fq2x9Lm0aBc");
});

describe("rejects", () => {
  const good = made([aKey({ versions: [aVersion({ state: "retiring", retiresAt: now + 9 })] })]);
  interface Loose {
    keyset: unknown;
    seq?: unknown;
    epoch?: unknown;
    store?: unknown;
    at: unknown;
    keys: KeyPart[];
    ended?: unknown;
  }
  interface KeyPart {
    id: unknown;
    name?: unknown;
    enabled: unknown;
    scopes: unknown;
    audience?: unknown;
    versions: { digest: unknown; state: unknown; expiresAt?: unknown; retiresAt?: unknown }[];
  }
  const change = (edit: (document: Loose) => void): string => {
    const document = structuredClone(good) as unknown as Loose;
    edit(document);
    return JSON.stringify(document);
  };

  test.each([
    ["nothing", ""],
    ["a token", "mcp_7Fq2x9Lm0aBc_secret"],
    ["a list", "[]"],
    ["null", "null"],
    ["another document", '{"schemaVersion":1,"keys":[]}'],
    ["half a keyset", JSON.stringify(good).slice(0, -1)],
    ["another format version", change((it) => (it.keyset = 2))],
    ["no seq", change((it) => delete it.seq)],
    ["an epoch that is none", change((it) => (it.epoch = "a b"))],
    ["an epoch that is no text", change((it) => (it.epoch = 7))],
    ["no store", change((it) => delete it.store)],
    ["a time that is none", change((it) => (it.at = "2027-02-31T00:00:00Z"))],
    ["an id that is none", change((it) => (it.keys[0]!.id = "x"))],
    ["enabled as text", change((it) => (it.keys[0]!.enabled = "true"))],
    ["scopes that are no list", change((it) => (it.keys[0]!.scopes = "read"))],
    ["no audience", change((it) => delete it.keys[0]!.audience)],
    ["no versions", change((it) => (it.keys[0]!.versions = []))],
    ["a digest that is none", change((it) => (it.keys[0]!.versions[0]!.digest = "forgotten"))],
    ["an overlap without an end", change((it) => delete it.keys[0]!.versions[0]!.retiresAt)],
    ["an end without an overlap", change((it) => (it.keys[0]!.versions[0]!.state = "current"))],
    ["a revoked version", change((it) => (it.keys[0]!.versions[0]!.state = "revoked"))],
    ["no expiry", change((it) => delete it.keys[0]!.versions[0]!.expiresAt)],
    ["a key twice", change((it) => it.keys.push(it.keys[0]!))],
    ["a token twice", change((it) => it.keys.push({ ...it.keys[0]!, id: "BBBBBBBBBBBB", name: "b" }))],
    ["an ended key that is listed too", change((it) => (it.ended = [it.keys[0]!.id]))],
    ["ended ids that are none", change((it) => (it.ended = ["x"]))],
    ["ended ids that are no list", change((it) => (it.ended = "7Fq2x9Lm0aBc"))],
    ["a name twice", change((it) => it.keys.push({ ...it.keys[0]!, id: "BBBBBBBBBBBB" }))],
  ])("%s", (_, text) => {
    expect(() => parse(text)).toThrow(invalid);
  });

  test.each(["\uFEFF", ""])("UTF-16, in a file or with the zeros lost in a variable, and the mark %j", (mark) => {
    const utf16 = Buffer.from(mark + JSON.stringify(good), "utf16le").toString("utf8");
    const inVariable = mark === "" ? utf16 : utf16.replaceAll("\0", "");
    for (const each of [utf16, inVariable]) {
      expect(() => parse(each)).toThrow(
        expect.objectContaining({
          ...{ code: "KEYSET_INVALID", message: expect.stringContaining("is UTF-16") as unknown },
          hint: expect.stringContaining("Out-File -Encoding ascii") as unknown,
        }),
      );
    }
  });

  test("any cut or changed text, without quoting it", () => {
    const text = JSON.stringify(good);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: text.length - 1 }), fc.string(), (at, insert) => {
        try {
          parse(text.slice(0, at) + insert);
        } catch (fault) {
          expect(fault).toEqual(invalid);
          if (insert.length > 12) expect((fault as Error).message).not.toContain(insert);
        }
      }),
      { numRuns: RUNS.some },
    );
  });
});

describe("a signed keyset", () => {
  const pair = () => generateKeyPairSync("ed25519");
  const { privateKey, publicKey } = pair();
  const pem = publicKey.export({ type: "spki", format: "pem" }).toString();
  const text = JSON.stringify(made([aKey()]));

  test("is read with the public key, as PEM, on one line, as bare base64, and among others", () => {
    const other = pair().publicKey.export({ type: "spki", format: "pem" }).toString();
    const bare = publicKey.export({ type: "spki", format: "der" }).toString("base64");
    for (const form of [pem, pem.replaceAll("\n", "\\n"), bare, `${bare},`, other + pem, `${bare}, ${other}`]) {
      expect(parse(signKeyset(text, privateKey), parsePublicKeys(form))).toEqual(JSON.parse(text));
    }
    expect(parse(Buffer.from(signKeyset(text, privateKey)).toString("base64url"), parsePublicKeys(pem)).seq).toBe(7);
  });

  test("is read without a public key too, so signing can start before the servers ask for it", () => {
    expect(parse(signKeyset(text, privateKey))).toEqual(JSON.parse(text));
  });

  test("is rejected if it is unsigned, signed by another, changed, or signed for another purpose", () => {
    const keysHere = parsePublicKeys(pem);
    const signed = JSON.parse(signKeyset(text, privateKey));
    const payload = Buffer.from(text.replace('"seq":7', '"seq":8')).toString("base64url");
    for (const document of [
      ...[JSON.parse(text), { ...signed, payload }, { ...signed, signature: "" }, { ...signed, signature: 5 }],
      { ...signed, protected: Buffer.from('{"alg":"none"}').toString("base64url") },
      { ...JSON.parse(text), ...signed, payload: undefined, keyset: 1 },
    ]) {
      expect(() => parse(JSON.stringify(document), keysHere)).toThrow(invalid);
    }
    expect(() => parse(signKeyset(text, pair().privateKey), keysHere)).toThrow(invalid);
  });

  test("needs Ed25519 keys, and errors do not quote them", () => {
    const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const usage = (part: string) =>
      expect.objectContaining({ code: "USAGE", message: expect.not.stringContaining(part) as unknown });
    const secret = "MC4CAQAwBQYDK2VwBCIEIA";
    expect(() => parseSigningKey(secret, "key.pem")).toThrow(usage(secret));
    expect(() => parseSigningKey(rsa.privateKey.export({ type: "pkcs8", format: "pem" }).toString(), "k")).toThrow(
      usage("BEGIN"),
    );
    expect(() => parsePublicKeys(rsa.publicKey.export({ type: "spki", format: "pem" }).toString())).toThrow(
      usage("BEGIN"),
    );
    expect(() => parsePublicKeys(secret)).toThrow(usage(secret));
    expect(parsePublicKeys(undefined)).toBeNull();
    for (const empty of ["", " ", ",", "\n"]) {
      expect(() => parsePublicKeys(empty)).toThrow(expect.objectContaining({ code: "USAGE" }));
    }
    expect(parseSigningKey(privateKey.export({ type: "pkcs8", format: "pem" }).toString(), "k").type).toBe("private");
  });
});
