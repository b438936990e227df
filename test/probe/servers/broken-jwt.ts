import {
  createHmac,
  createPublicKey,
  createVerify,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
} from "node:crypto";
import jwt, { type Algorithm } from "jsonwebtoken";
import { Secret } from "../../../src/core/secret.ts";
import type { BrokenServer } from "./broken.ts";
import type { Mistake } from "./configurable-server.ts";

const SECRET = "0f3a9c5e71d24b86a0c7e9f1b5d38264";
const CLAIMS = { sub: "ci", scope: "mcp" };
const pair = generateKeyPairSync("rsa", { modulusLength: 2048 });

const HS256 = jwt.sign(CLAIMS, SECRET, { expiresIn: "1h" });
const RS256 = jwt.sign(CLAIMS, pair.privateKey, { expiresIn: "1h", algorithm: "RS256" });

/** Servers of JWTs whose verification can be bypassed. */
export const BROKEN_JWT: readonly BrokenServer[] = [
  withMistake(
    "decodes a JWT and looks up its subject",
    ["rejects-forged-jwt", "rejects-changed-key", "rejects-extended-key", "rejects-truncated-key"],
    HS256,
    (token) => subjectOf(token) === CLAIMS.sub,
  ),
  withMistake(
    "decodes a JWT and checks only when it expires",
    ["rejects-bogus-key"],
    RS256,
    (token) => Number((jwt.decode(token) as { exp?: number } | null)?.exp) > Date.now() / 1000,
  ),
  withMistake("verifies a signature only if there is one", ["rejects-forged-jwt"], HS256, (token) =>
    token.endsWith(".") ? subjectOf(token) === CLAIMS.sub : verified(token, SECRET, ["HS256"]),
  ),
  withMistake("takes the algorithm from the header", ["rejects-forged-jwt"], RS256, (token) => {
    const alg = headerOf(token)["alg"];
    return alg === "none" ? subjectOf(token) === CLAIMS.sub : verified(token, pair.publicKey, ["RS256"]);
  }),
  withMistake("rejects the algorithm none in lower case only", ["rejects-forged-jwt"], RS256, (token) => {
    const alg = String(headerOf(token)["alg"]);
    if (alg === "none") return false;
    return /^none$/i.test(alg) ? subjectOf(token) === CLAIMS.sub : verified(token, pair.publicKey, ["RS256"]);
  }),
  withMistake("trusts the key in the header", ["rejects-forged-jwt"], RS256, (token) => {
    const { jwk } = headerOf(token);
    if (jwk === undefined) return verified(token, pair.publicKey, ["RS256"]);
    const [head = "", payload = "", signature = ""] = token.split(".");
    const key = createPublicKey({ key: jwk as JsonWebKey, format: "jwk" });
    const verify = createVerify("sha256").update(`${head}.${payload}`);
    return verify.verify({ key, dsaEncoding: "ieee-p1363" }, Buffer.from(signature, "base64url"));
  }),
  withMistake("verifies HS256 with a secret that is not set", ["rejects-forged-jwt"], RS256, (token) => {
    if (headerOf(token)["alg"] !== "HS256") return verified(token, pair.publicKey, ["RS256"]);
    const [head = "", payload = "", signature = ""] = token.split(".");
    return createHmac("sha256", "").update(`${head}.${payload}`).digest("base64url") === signature;
  }),
  withMistake(
    "remembers verified tokens by their signature",
    ["rejects-changed-key", "rejects-forged-jwt", "rejects-extended-key", "rejects-truncated-key"],
    HS256,
    () => {
      const seen = new Set<string>();
      return (token: string) => {
        const signature = token.split(".")[2] ?? "";
        if (seen.has(signature)) return true;
        const ok = verified(token, SECRET, ["HS256"]);
        if (ok) seen.add(signature);
        return ok;
      };
    },
  ),
  withMistake(
    "compares the first characters of a signature",
    ["rejects-changed-key", "rejects-extended-key"],
    HS256,
    (token) => {
      const [head = "", payload = "", signature = ""] = token.split(".");
      const right = HS256.split(".");
      return head === right[0] && payload === right[1] && signature.slice(0, 10) === right[2]?.slice(0, 10);
    },
  ),
  withMistake(
    "signs with the default secret of its product",
    ["rejects-default-key"],
    jwt.sign(CLAIMS, "my-test-key", { expiresIn: "1h" }),
    (token) => verified(token, "my-test-key", ["HS256"]),
  ),
  withMistake(
    "signs with a default secret that it decodes from base64",
    ["rejects-default-key"],
    jwt.sign(CLAIMS, Buffer.from("SecretKey012345678901234567890123456789012345678901234567890123456789", "base64"), {
      expiresIn: "1h",
    }),
    (token) =>
      verified(token, Buffer.from("SecretKey012345678901234567890123456789012345678901234567890123456789", "base64"), [
        "HS256",
      ]),
  ),
];

type Knows = (token: string) => boolean;

function withMistake(
  mistake: string,
  caught: BrokenServer["caught"],
  key: string,
  knows: Knows | (() => Knows),
): BrokenServer {
  const make = (): Mistake => {
    const judge = knows.length === 0 ? (knows as () => Knows)() : (knows as Knows);
    return {
      keys: [key],
      knows(token) {
        try {
          return judge(token);
        } catch {
          return false;
        }
      },
    };
  };
  return { mistake, caught, make, options: { key: new Secret(key) } };
}

function verified(token: string, key: VerifyingKey, algorithms: Algorithm[]): boolean {
  const claims = jwt.verify(token, key, { algorithms });
  return typeof claims === "object" && claims.sub === CLAIMS.sub;
}

type VerifyingKey = string | Buffer | KeyObject;

function headerOf(token: string): Readonly<Record<string, unknown>> {
  return JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString()) as Record<string, unknown>;
}

function subjectOf(token: string): unknown {
  return (JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as { sub?: unknown }).sub;
}
