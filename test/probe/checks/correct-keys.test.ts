import { createHash, generateKeyPairSync, randomBytes, randomUUID } from "node:crypto";
import { jwtVerify, SignJWT } from "jose";
import jwt from "jsonwebtoken";
import { describe, expect, test } from "vitest";
import { Secret } from "../../../src/core/secret.ts";
import { BEARER, parseKeyHeader, type KeyHeader } from "../../../src/probe/mcp/key-header.ts";
import { ServerBehavior, startServer, type Mistake } from "../servers/configurable-server.ts";
import { readingFrom } from "../servers/other-header.ts";
import { caughtIn, probeAt } from "../servers/probing.ts";
import { during, verify } from "../verify/verifying.ts";

/** A correct way to read and compare keys, however lenient its decoder is. */
interface Keeper {
  readonly key: string;
  readonly header?: KeyHeader;
  readonly knows: (token: string) => boolean | Promise<boolean>;
}

const BASIC = parseKeyHeader("Authorization: Basic");
const secret = randomBytes(32);
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const hex = randomBytes(24).toString("hex");
const bytes = randomBytes(32);
const uuid = randomUUID();

const KEEPERS: Readonly<Record<string, () => Keeper | Promise<Keeper>>> = {
  "JWTs signed with HS256 and jose": async () => ({
    key: await new SignJWT({ sub: "ci" }).setProtectedHeader({ alg: "HS256" }).setExpirationTime("1h").sign(secret),
    knows: (token) => settles(jwtVerify(token, secret, { algorithms: ["HS256"] })),
  }),
  "JWTs signed with RS256 and jose": async () => ({
    key: await new SignJWT({ sub: "ci" })
      .setProtectedHeader({ alg: "RS256", kid: "1" })
      .setExpirationTime("1h")
      .sign(rsa.privateKey),
    knows: (token) => settles(jwtVerify(token, rsa.publicKey, { algorithms: ["RS256"] })),
  }),
  "JWTs signed with ES256 and jose": async () => ({
    key: await new SignJWT({ sub: "ci" })
      .setProtectedHeader({ alg: "ES256" })
      .setExpirationTime("1h")
      .sign(ec.privateKey),
    knows: (token) => settles(jwtVerify(token, ec.publicKey, { algorithms: ["ES256"] })),
  }),
  "JWTs signed with HS256 and jsonwebtoken": () => ({
    key: jwt.sign({ sub: "ci" }, secret, { expiresIn: "1h" }),
    knows: (token) => succeeds(() => jwt.verify(token, secret, { algorithms: ["HS256"] })),
  }),
  "JWTs signed with RS256 and jsonwebtoken": () => ({
    key: jwt.sign({ sub: "ci" }, rsa.privateKey, { expiresIn: "1h", algorithm: "RS256" }),
    knows: (token) => succeeds(() => jwt.verify(token, rsa.publicKey, { algorithms: ["RS256"] })),
  }),
  "JWTs signed with ES256 and jsonwebtoken": () => ({
    key: jwt.sign({ sub: "ci" }, ec.privateKey, { expiresIn: "1h", algorithm: "ES256" }),
    knows: (token) => succeeds(() => jwt.verify(token, ec.publicKey, { algorithms: ["ES256"] })),
  }),
  "the bytes of a JWT's signature, whose last character has spare bits": () => {
    const key = jwt.sign({ sub: "ci" }, secret, { expiresIn: "1h" });
    return { key, knows: (token) => partsOf(token) === partsOf(key) };
  },
  "Basic credentials without padding": () => basicKeeper("c", "p7Kq2x9Lm0aBcZr4"),
  "Basic credentials with a password in our format": () =>
    basicKeeper("ci", "mcp_7Fq2x9Lm0aBc_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg3QkYFb"),
  "Basic credentials, whatever the user is called": () => basicKeeper("x-token", randomBytes(18).toString("base64url")),
  "Basic credentials with the key as the user name": () => basicKeeper(randomBytes(18).toString("base64url"), ""),
  "hexadecimal keys in any case": () => ({ key: hex, knows: (token) => token.toLowerCase() === hex }),
  "the bytes of hexadecimal keys": () => ({
    key: hex.toUpperCase(),
    knows: (token) => Buffer.from(token, "hex").equals(Buffer.from(hex, "hex")),
  }),
  "the bytes of base64 keys, with a lenient decoder": () => ({
    key: bytes.toString("base64"),
    knows: (token) => Buffer.from(token, "base64").equals(bytes),
  }),
  "the bytes of base64url keys, with a lenient decoder": () => ({
    key: bytes.toString("base64url"),
    knows: (token) => Buffer.from(token, "base64url").equals(bytes),
  }),
  "the bytes of base64 keys, with a decoder that skips other characters": () => ({
    key: bytes.toString("base64"),
    knows: (token) => Buffer.from(token.replace(/[^\w+/=-]/g, ""), "base64").equals(bytes),
  }),
  "UUIDs in any spelling": () => ({
    key: uuid,
    knows: (token) => token.toLowerCase().replace(/^urn:uuid:|[{}-]/g, "") === uuid.replaceAll("-", ""),
  }),
  "keys that it trims": () => ({
    key: "sk-live-0a1B2c3D4e5F6g7H8i9J0k1L",
    knows: (token) => token.trim() === "sk-live-0a1B2c3D4e5F6g7H8i9J0k1L",
  }),
  "short passwords": () => ({ key: "hunter2", knows: (token) => digest(token) === digest("hunter2") }),
};

describe.each(Object.entries(KEEPERS))("a correct server that compares %s", (_, keep) => {
  test("gets A+ and is enforced", async () => {
    const { key, header = BEARER, knows } = await keep();
    const { url } = await during(
      startServer([key], { ...(header === BEARER ? {} : readingFrom(header)), ...awaiting(knows) }),
    );
    const report = await probeAt(url, { key: new Secret(key), header });
    expect(caughtIn(report)).toEqual([]);
    expect(report).toMatchObject({ ok: true, result: "protected", grade: "A+" });
    expect(report.sent.requests).toBeLessThanOrEqual(160);
    expect(await verify(url, key, { header })).toMatchObject({ outcome: "enforced" });
  });
});

/** Lets a comparison take its time, and then handles the request as usual. */
function awaiting(knows: Keeper["knows"]): Mistake {
  const known = new Map<string, boolean>();
  return {
    async handle(request, response) {
      const token = this.tokenOf(request);
      known.set(token, token !== "" && (await knows(token)));
      return ServerBehavior.prototype.handle.call(this, request, response);
    },
    knows: (token) => known.get(token) === true,
  };
}

function basicKeeper(user: string, password: string): Keeper {
  const secretPart = password === "" ? user : password;
  return {
    header: BASIC,
    key: Buffer.from(`${user}:${password}`).toString("base64").replace(/=+$/, ""),
    knows(token) {
      const [name, word] = Buffer.from(token, "base64").toString().split(":");
      return (password === "" ? name : word) === secretPart;
    },
  };
}

function partsOf(token: string): string {
  const [header = "", payload = "", signature = ""] = token.split(".");
  return [header, payload, Buffer.from(signature, "base64url").toString("hex")].join(".");
}

function settles(promise: Promise<unknown>): Promise<boolean> {
  return promise.then(
    () => true,
    () => false,
  );
}

function succeeds(run: () => unknown): boolean {
  try {
    run();
    return true;
  } catch {
    return false;
  }
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
