import { describe, expectTypeOf, test } from "vitest";
import type { IncomingMessage, ServerResponse } from "node:http";
import * as library from "../src/index.ts";
import type {
  AuthInfo,
  Baseline,
  Code,
  Connection,
  Deliver,
  Digest,
  FetchAdmission,
  FetchGuard,
  Finding,
  FormatName,
  GenerateInput,
  Grade,
  GuardOptions,
  Issued,
  Key,
  Keys,
  KeysOptions,
  KeyStore,
  ParsedToken,
  Pepper,
  ProbeOptions,
  Reason,
  Report,
  Result,
  RotateOptions,
  Rotated,
  Status,
  TokenVerifier,
  Updated,
  Verdict,
  Verifier,
  VerifierOptions,
  Version,
} from "../src/index.ts";

describe("keys", () => {
  test("createKeys needs only a store", () => {
    expectTypeOf(library.createKeys).parameters.toEqualTypeOf<[options: KeysOptions]>();
    expectTypeOf(library.createKeys).returns.toEqualTypeOf<Keys>();
    expectTypeOf<{ store: KeyStore }>().toExtend<KeysOptions>();
    expectTypeOf<{ now: () => number }>().not.toExtend<KeysOptions>();
  });

  test("generate requires an expiry, and null for never", () => {
    expectTypeOf<{ expiresAt: null }>().toExtend<GenerateInput>();
    expectTypeOf<{ expiresAt: number; name: string; scopes: string[] }>().toExtend<GenerateInput>();
    expectTypeOf<{ name: string }>().not.toExtend<GenerateInput>();
    expectTypeOf<{ expiresAt: string }>().not.toExtend<GenerateInput>();
    expectTypeOf<Keys["generate"]>().returns.resolves.toEqualTypeOf<Issued>();
  });

  test("rotate requires a delivery", () => {
    expectTypeOf<{ deliver: Deliver }>().toExtend<RotateOptions>();
    expectTypeOf<{ overlap: number }>().not.toExtend<RotateOptions>();
    expectTypeOf<Keys["rotate"]>().returns.resolves.toEqualTypeOf<Rotated>();
    expectTypeOf<Rotated["retiring"]>().toEqualTypeOf<readonly Version[]>();
  });

  test("changes say whether they changed anything", () => {
    expectTypeOf<
      Keys["finish" | "abort" | "revoke" | "disable" | "enable" | "update"]
    >().returns.resolves.toEqualTypeOf<Updated>();
    expectTypeOf<Updated>().toEqualTypeOf<{
      readonly key: Key;
      readonly changed: boolean;
      readonly position: library.Position;
    }>();
  });

  test("a token is a Secret, which is not a string", () => {
    expectTypeOf<Issued["token"]>().toEqualTypeOf<library.Secret>();
    expectTypeOf<library.Secret>().not.toExtend<string>();
    expectTypeOf<library.Secret["reveal"]>().returns.toBeString();
    expectTypeOf<Keys["check"]>().parameter(0).toBeString();
  });

  test("statuses and times", () => {
    expectTypeOf<Status>().toEqualTypeOf<"active" | "expiring" | "expired" | "disabled" | "revoked">();
    expectTypeOf(library.keyStatus).returns.toEqualTypeOf<Status>();
    expectTypeOf(library.parseExpiry).returns.toEqualTypeOf<number | null>();
    expectTypeOf(library.parseDuration).returns.toBeNumber();
    expectTypeOf<Version["expiresAt"]>().toEqualTypeOf<number | null>();
  });
});

describe("verdicts", () => {
  test("an accepted verdict has the key and version, a refused one has a reason", () => {
    type Accepted = Extract<Verdict, { ok: true }>;
    type Refused = Extract<Verdict, { ok: false }>;
    expectTypeOf<Accepted>().toEqualTypeOf<{ readonly ok: true; readonly key: Key; readonly version: Version }>();
    expectTypeOf<Refused["reason"]>().toEqualTypeOf<Reason>();
    expectTypeOf<Refused["key"]>().toEqualTypeOf<Key | undefined>();
    expectTypeOf<Accepted>().not.toHaveProperty("reason");
  });

  test("a verifier answers at once, keys ask the store", () => {
    expectTypeOf<Verifier["verify"]>().returns.toEqualTypeOf<Verdict>();
    expectTypeOf<Verifier["verifyHeader"]>().parameter(0).toEqualTypeOf<string | null | undefined>();
    expectTypeOf<Keys["check"]>().returns.resolves.toEqualTypeOf<Verdict>();
    expectTypeOf(library.createVerifier).returns.resolves.toEqualTypeOf<Verifier>();
    expectTypeOf<{ store: KeyStore }>().toExtend<VerifierOptions>();
  });
});

describe("guards", () => {
  test("guardNode returns a middleware for node:http, Express and connect", () => {
    expectTypeOf(library.guardNode).parameters.toEqualTypeOf<[verifier: Verifier, options?: GuardOptions]>();
    expectTypeOf(library.guardNode).returns.toEqualTypeOf<
      (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => unknown) => void
    >();
    expectTypeOf<library.GuardedRequest["auth"]>().toEqualTypeOf<AuthInfo>();
  });

  test("guardFetch guards a handler, or admits a request", () => {
    const guard = {} as FetchGuard;
    const request = new Request("https://host.example/mcp");
    expectTypeOf(library.guardFetch).returns.toEqualTypeOf<FetchGuard>();
    expectTypeOf(guard(request, () => new Response())).resolves.toEqualTypeOf<Response>();
    expectTypeOf(guard(request)).resolves.toEqualTypeOf<FetchAdmission>();
    expectTypeOf<Extract<FetchAdmission, { ok: false }>["response"]>().toEqualTypeOf<Response>();
  });

  test("guardFastify requires a verifier", () => {
    expectTypeOf<{ verifier: Verifier }>().toExtend<library.FastifyGuardOptions>();
    expectTypeOf<GuardOptions>().not.toExtend<library.FastifyGuardOptions>();
    expectTypeOf(library.guardFastify).returns.resolves.toBeVoid();
  });

  test("createTokenVerifier and requireApiKeyFromEnv return the caller", () => {
    expectTypeOf(library.createTokenVerifier).returns.toEqualTypeOf<TokenVerifier>();
    expectTypeOf<TokenVerifier["verifyAccessToken"]>().returns.resolves.toExtend<AuthInfo>();
    expectTypeOf(library.requireApiKeyFromEnv).returns.resolves.toEqualTypeOf<AuthInfo>();
  });
});

describe("stores", () => {
  test("openStore needs no argument", () => {
    expectTypeOf(library.openStore).toBeCallableWith();
    expectTypeOf(library.openStore).toBeCallableWith("file:/srv/keys.jsonl", { env: {} });
    expectTypeOf(library.openStore).returns.resolves.toEqualTypeOf<KeyStore>();
  });

  test("a lookup that finds nothing returns null", () => {
    expectTypeOf<KeyStore["get"]>().returns.resolves.toEqualTypeOf<Key | null>();
    expectTypeOf<KeyStore["find"]>().returns.resolves.toEqualTypeOf<{ key: Key; version: Version } | null>();
    expectTypeOf<KeyStore["find"]>().parameter(0).toEqualTypeOf<Digest>();
  });
});

describe("tokens and digests", () => {
  test("parseToken narrows to the parts or a reason", () => {
    expectTypeOf(library.parseToken).returns.toEqualTypeOf<ParsedToken>();
    expectTypeOf<Extract<ParsedToken, { ok: true }>["id"]>().toBeString();
    expectTypeOf<Extract<ParsedToken, { ok: false }>["reason"]>().toEqualTypeOf<"malformed" | "mistyped">();
    expectTypeOf(library.formatToken).returns.toEqualTypeOf<library.Secret>();
  });

  test("isDigest narrows a string", () => {
    expectTypeOf(library.isDigest).guards.toEqualTypeOf<Digest>();
    expectTypeOf(library.digestToken).parameters.toEqualTypeOf<[token: string, pepper?: Pepper]>();
    expectTypeOf<Digest>().toExtend<string>();
    expectTypeOf<string>().not.toExtend<Digest>();
  });
});

describe("probe", () => {
  test("probe needs a URL and a key", () => {
    expectTypeOf<{ url: string; key: string }>().toExtend<ProbeOptions>();
    expectTypeOf<{ url: string; key: library.Secret }>().toExtend<ProbeOptions>();
    expectTypeOf<{ url: string }>().not.toExtend<ProbeOptions>();
    expectTypeOf(library.probe).returns.resolves.toEqualTypeOf<Report>();
  });

  test("a report is a baseline for the next run", () => {
    expectTypeOf<Report["findings"]>().toExtend<Baseline>();
    expectTypeOf<Report["findings"]>().toEqualTypeOf<readonly Finding[]>();
    expectTypeOf<Report["grade"]>().toEqualTypeOf<Grade | null>();
    expectTypeOf<Result>().toEqualTypeOf<"protected" | "unprotected" | "partial" | "inconclusive">();
  });
});

describe("formats and errors", () => {
  test("isFormatName narrows to the registered names", () => {
    expectTypeOf(library.isFormatName).guards.toEqualTypeOf<FormatName>();
    expectTypeOf(library.formats).toHaveProperty("dotenv");
    expectTypeOf<keyof typeof library.formats>().toEqualTypeOf<FormatName>();
    expectTypeOf(library.formats.shell.render).parameter(0).toEqualTypeOf<Connection>();
  });

  test("every KeysError has a known code", () => {
    expectTypeOf<library.KeysError>().toExtend<Error>();
    expectTypeOf<library.KeysError["code"]>().toEqualTypeOf<Code>();
    expectTypeOf<"STORE_CONFLICT">().toExtend<Code>();
    expectTypeOf<keyof typeof library.CODES>().toEqualTypeOf<Code>();
    expectTypeOf<(typeof library.CODES)[Code]["exit"]>().toExtend<number>();
  });
});
