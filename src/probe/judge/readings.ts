import { shapeOf } from "./key-shape.ts";

/** Returns what a server sees in a text, or `null` if it cannot read it. */
type Read = (text: string) => string | null;

/** Keys of one character more or less do not occur in practice, and are no proof of an encoding. */
const HEX = /^(?:[0-9a-f]{2}){4,}$/i;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const BASE64 = /^[\w+/-]{4,}={0,2}$/;

/**
 * Returns whether a text is another key, however a correct server reads it: as text, in any case if the key is hexadecimal, a UUID or of one case,
 * or as the bytes that lenient decoders make of base64, of `user:password` and of the parts of a JWT. In some of these the last
 * character has spare bits, and padding and text after it count nothing.
 */
export function isOtherKey(key: string, text: string): boolean {
  return readingsOf(key).every((read) => read(text) !== read(key));
}

function readingsOf(key: string): Read[] {
  const shape = shapeOf(key);
  const reads: Read[] = [(text) => text.trim()];
  if (shape.kind === "own") return reads;
  if (shape.kind === "jwt") return [...reads, readJwt];
  // The letters of base32 and the like have one case. A server that ignores it makes no key easier to guess.
  if (key === key.toLowerCase() || key === key.toUpperCase()) reads.push((text) => text.toLowerCase());
  if (UUID.test(key)) reads.push((text) => text.toLowerCase().replace(/[^0-9a-f]/g, ""));
  if (HEX.test(key))
    reads.push(
      (text) => text.toLowerCase(),
      (text) => bytesOf(text, "hex"),
    );
  if (BASE64.test(key) && key.replace(/=+$/, "").length % 4 !== 1) reads.push(...BASE64_READS);
  if (shape.kind === "basic") {
    const part = shape.password === "" ? "user" : "password";
    reads.push(...BASE64_READS.map((decode) => (text: string) => readPart(decode(text), part)));
  }
  return reads;
}

const BASE64_READS = [(text: string): string => bytesOf(text, "base64"), decodeLikePython];

/** Node's decoders skip or stop at what they do not know, and ignore bits that make no whole byte. */
function bytesOf(text: string, encoding: "hex" | "base64"): string {
  return Buffer.from(text, encoding).toString("latin1");
}

/** Decodes like `base64.b64decode` of Python, which skips other characters and stops only at padding in its place. */
function decodeLikePython(text: string): string {
  let digits = "";
  let pads = 0;
  for (const char of text) {
    if (char === "=") {
      pads++;
      if (digits.length % 4 >= 2 && (digits.length % 4) + pads >= 4) break;
    } else if (/[\w+/-]/.test(char)) {
      pads = 0;
      digits += char;
    }
  }
  return bytesOf(digits, "base64");
}

/** Reads the part that is secret alone, because many servers ignore the other one. */
function readPart(decoded: string, part: "user" | "password"): string {
  const colon = decoded.indexOf(":");
  return part === "user" ? decoded.slice(0, Math.max(0, colon)) : decoded.slice(colon + 1);
}

function readJwt(text: string): string | null {
  const parts = text.split(".");
  return parts.length === 3 ? parts.map((part) => bytesOf(part, "base64")).join(".") : null;
}
