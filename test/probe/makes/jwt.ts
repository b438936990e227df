import { generateKeyPairSync, randomBytes, type KeyObject } from "node:crypto";
import { createLocalJWKSet, createRemoteJWKSet, exportJWK, jwtVerify, SignJWT, type JWTVerifyGetKey } from "jose";
import jsonwebtoken from "jsonwebtoken";
import { closeAll, readKey, refuse, startSite, type Answer, type Make, type MadeServer } from "./make.ts";
import { listen, type Running } from "../../servers/listen.ts";

type Algorithm = "HS256" | "RS256" | "ES256";

interface Pair {
  readonly sign: KeyObject | Buffer;
  readonly check: KeyObject | Buffer;
}

/** A token, and a function that throws for every other one. */
interface Issuer {
  readonly token: string;
  readonly check: (token: string) => unknown;
  readonly keySet?: Running;
}

const ISSUER = "https://login.example";
const AUDIENCE = "https://mcp.example";

/** Servers that take JSON Web Tokens: both common packages, symmetric and asymmetric, with and without a set of keys. */
export const JWT_MAKES: readonly Make[] = [
  ...(["HS256", "RS256", "ES256"] as const).map((algorithm) => make(`${algorithm} by jose`, () => byJose(algorithm))),
  make("ES256 by jose, with kid and a key set", byLocalKeySet),
  make("RS256 by jose, with kid and a key set from a URL", byRemoteKeySet),
  ...(["HS256", "RS256", "ES256"] as const).map((algorithm) =>
    make(`${algorithm} by jsonwebtoken`, () => byJsonwebtoken(algorithm)),
  ),
];

function make(kind: string, issue: () => Issuer | Promise<Issuer>): Make {
  return { name: `that takes a JWT, ${kind}`, start: (open) => start(issue, open) };
}

async function start(issue: () => Issuer | Promise<Issuer>, open: boolean): Promise<MadeServer> {
  const { token, check, keySet } = await issue();
  const admit = async (...[request, response]: Parameters<Answer>): Promise<boolean> => {
    const key = readKey(request);
    try {
      if (key === null) return refuse(response, key);
      await check(key);
      return true;
    } catch {
      return refuse(response, key);
    }
  };
  const server = await startSite({ admit }, open, { key: token });
  return { ...server, close: closeAll(server, keySet) };
}

async function byJose(algorithm: Algorithm): Promise<Issuer> {
  const { sign, check } = createKeys(algorithm);
  const options = { issuer: ISSUER, audience: AUDIENCE, algorithms: [algorithm] };
  return { token: await signWithJose(sign, { alg: algorithm }), check: (token) => jwtVerify(token, check, options) };
}

async function byLocalKeySet(): Promise<Issuer> {
  const { token, jwks } = await createKeySet("ES256");
  return { token, check: (each) => verifyWithSet(each, createLocalJWKSet(jwks)) };
}

async function byRemoteKeySet(): Promise<Issuer> {
  const { token, jwks } = await createKeySet("RS256");
  const keySet = await listen((_, response) => {
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(jwks));
  }, "/jwks.json");
  const keys = createRemoteJWKSet(new URL(keySet.url));
  return { token, keySet, check: (each) => verifyWithSet(each, keys) };
}

function verifyWithSet(token: string, keys: JWTVerifyGetKey): Promise<unknown> {
  return jwtVerify(token, keys, { issuer: ISSUER, audience: AUDIENCE });
}

function byJsonwebtoken(algorithm: Algorithm): Issuer {
  const { sign, check } = createKeys(algorithm);
  const named = { issuer: ISSUER, audience: AUDIENCE };
  const claims = { sub: "ci", scope: "tools" };
  return {
    token: jsonwebtoken.sign(claims, sign, { ...named, algorithm, expiresIn: "1h", jwtid: randomId() }),
    check: (token) => jsonwebtoken.verify(token, check, { ...named, algorithms: [algorithm] }),
  };
}

/** A set of three keys, of which the second one signs. */
async function createKeySet(algorithm: "RS256" | "ES256"): Promise<{ token: string; jwks: { keys: object[] } }> {
  const pairs = ["2025", "2026", "2027"].map((kid) => ({ kid, ...createKeys(algorithm) }));
  const keys = pairs.map(async ({ kid, check }) => ({ ...(await exportJWK(check)), kid, alg: algorithm, use: "sig" }));
  const token = await signWithJose(pairs[1]?.sign, { alg: algorithm, kid: "2026" });
  return { token, jwks: { keys: await Promise.all(keys) } };
}

function signWithJose(key: Pair["sign"] | undefined, header: { alg: Algorithm; kid?: string }): Promise<string> {
  if (key === undefined) throw new Error("there is no such key");
  const jwt = new SignJWT({ scope: "tools" }).setProtectedHeader({ ...header, typ: "JWT" });
  const named = jwt.setIssuer(ISSUER).setAudience(AUDIENCE).setSubject("ci").setJti(randomId());
  return named.setIssuedAt().setExpirationTime("1h").sign(key);
}

function createKeys(algorithm: Algorithm): Pair {
  if (algorithm === "HS256") {
    const secret = randomBytes(32);
    return { sign: secret, check: secret };
  }
  const { privateKey, publicKey } =
    algorithm === "RS256"
      ? generateKeyPairSync("rsa", { modulusLength: 2048 })
      : generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { sign: privateKey, check: publicKey };
}

function randomId(): string {
  return randomBytes(9).toString("base64url");
}
