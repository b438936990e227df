import { Secret } from "../../core/secret.ts";
import { parseToken, SECRET_LENGTH, type TokenParts } from "../../core/token.ts";
import { isObject, parseJson, type JsonObject } from "../mcp/json.ts";

/**
 * What a key is made of. `own`: a token in our format · `jwt`: a signed JSON Web Token · `basic`: `user:password` in base64 ·
 * `opaque`: anything else
 */
export type KeyShape = OwnShape | JwtShape | BasicShape | { readonly kind: "opaque" };

export interface OwnShape extends TokenParts {
  readonly kind: "own";
  readonly secret: string;
}

export interface JwtShape {
  readonly kind: "jwt";
  readonly header: JsonObject;
  readonly claims: JsonObject;
  /** Header, payload and signature in base64url. */
  readonly parts: readonly [header: string, payload: string, signature: string];
}

export interface BasicShape {
  readonly kind: "basic";
  readonly user: string;
  readonly password: string;
}

/** Tells what a key is made of. Never throws. */
export function shapeOf(key: string): KeyShape {
  return ownShapeOf(key) ?? jwtShapeOf(key) ?? basicShapeOf(key) ?? { kind: "opaque" };
}

function ownShapeOf(key: string): OwnShape | null {
  const parts = parseToken(key);
  if (!parts.ok) return null;
  const at = key.lastIndexOf("_") + 1;
  return { kind: "own", prefix: parts.prefix, id: parts.id, secret: key.slice(at, at + SECRET_LENGTH) };
}

/** @see RFC 7515, section 7.1 */
function jwtShapeOf(key: string): JwtShape | null {
  const [, header = "", payload = "", signature = ""] = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/.exec(key) ?? [];
  const [head, claims] = [header, payload].map((part) => parseJson(Buffer.from(part, "base64url").toString()));
  if (!isObject(head) || typeof head["alg"] !== "string" || !isObject(claims)) return null;
  return { kind: "jwt", header: head, claims, parts: [header, payload, signature] };
}

/** @see RFC 7617, section 2 */
function basicShapeOf(key: string): BasicShape | null {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(key)) return null;
  const text = Buffer.from(key, "base64").toString();
  const colon = text.indexOf(":");
  if (colon === -1 || /[\x00-\x1f\x7f\ufffd]/.test(text) || withoutPadding(encodeBasic(text)) !== withoutPadding(key)) {
    return null;
  }
  return { kind: "basic", user: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** Returns the secret part of a user and a password. Some servers take the key as the user name, with no password. */
export function secretOf({ user, password }: BasicShape): string {
  return password === "" ? user : password;
}

/** Returns every text that must not be printed: a key, and the password in it. */
export function secretsIn(key: Secret): Secret[] {
  const shape = shapeOf(key.reveal());
  return shape.kind === "basic" ? [key, new Secret(secretOf(shape))] : [key];
}

/** Replaces the secret part of a user and a password. */
export function withSecret({ user, password }: BasicShape, secret: string): string {
  return encodeBasic(password === "" ? `${secret}:` : `${user}:${secret}`);
}

function encodeBasic(text: string): string {
  return Buffer.from(text).toString("base64");
}

function withoutPadding(base64: string): string {
  return base64.replace(/=+$/, "");
}
