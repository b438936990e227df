import { digestToken } from "../../core/digest.ts";
import { Secret } from "../../core/secret.ts";
import { formatToken, ID_LENGTH } from "../../core/token.ts";
import type { RandomText } from "../random-text.ts";
import { changeEnd, changeLast, changeMiddleOf, changeStart } from "./change-text.ts";
import { secretOf, shapeOf, withSecret, type KeyShape } from "./key-shape.ts";
import { encodePart, publicPrefixOf } from "./made-up-key.ts";
import { isOtherKey } from "./readings.ts";
import { changeKeepingChecksum } from "./same-checksum.ts";

/** A nearly valid key. It is another key however a correct server decodes it, see `isOtherKey`. */
export interface KeyMutation {
  /** Completes "your key with …" and identifies the mutation. Contains no secret. */
  readonly change: string;
  readonly key: Secret;
}

/** A change, and how to make it: the first text that is another key counts. */
type KeyChange = readonly [change: string, texts: readonly string[]];

/**
 * Changes a part of a key and keeps its length and its public prefix: the start, the part after its half, or the end. Start and end get the same
 * characters in another order where possible, which exposes a server that only adds them up. In our own format the secret is
 * changed and the checksum is right, because a server may check that first; the last key has only its checksum changed. In a JWT
 * the payload and the signature are changed.
 */
export function changeKey(key: Secret, random: RandomText): KeyMutation[] {
  return mutate(key, (text, shape) => {
    if (shape.kind === "jwt") {
      const { parts, claims } = shape;
      const [header, payload, signature] = parts;
      const signed = (other: string): string => `${header}.${payload}.${other}`;
      return [
        ["a claim added and its signature kept", [`${header}.${encodePart({ ...claims, mcp_keys: 1 })}.${signature}`]],
        ["the end of its signature changed", changeEnd(signature).map(signed)],
        middleOf(text, shape, random),
      ];
    }
    const secret = shape.kind === "own" ? shape.secret : text.slice(publicPrefixOf(text).length);
    const whole = (other: string): string =>
      shape.kind === "own" ? formatToken({ ...shape, secret: other }).reveal() : publicPrefixOf(text) + other;
    const part = shape.kind === "own" ? "its secret" : "it";
    const changes: KeyChange[] = [
      [`the start of ${part} changed`, changeStart(secret).map(whole)],
      middleOf(text, shape, random),
      [`the end of ${part} changed`, changeEnd(secret).map(whole)],
    ];
    return shape.kind === "own" ? [...changes, ["its checksum changed", changeLast(text)]] : changes;
  });
}

/** Changes the middle of a key: everything that a list of keys would show of it is right. `null` for a key that has no middle. */
export function changeMiddle(key: Secret, random: RandomText): KeyMutation | null {
  return mutate(key, (text, shape) => [middleOf(text, shape, random)])[0] ?? null;
}

function middleOf(text: string, shape: KeyShape, random: RandomText): KeyChange {
  switch (shape.kind) {
    case "own": {
      const secret = changeKeepingChecksum(shape, random);
      const made = secret === null ? [] : [formatToken({ ...shape, secret }).reveal()];
      return ["the middle of its secret changed and its checksum kept", made];
    }
    case "jwt": {
      const [header, payload, signature] = shape.parts;
      const made = changeMiddleOf(signature, random).map((other) => `${header}.${payload}.${other}`);
      return ["the middle of its signature changed", made];
    }
    default: {
      const prefix = publicPrefixOf(text);
      return ["its middle changed", changeMiddleOf(text.slice(prefix.length), random).map((other) => prefix + other)];
    }
  }
}

/** Cuts off a part of a key. Returns nothing for a key of one character. */
export function truncateKey(key: Secret): KeyMutation[] {
  return mutate(key, (text) => [
    ["its second half cut off", [text.slice(0, Math.ceil(text.length / 2))]],
    ["its start cut off", [1, 2, 3, 4].map((start) => text.slice(start))],
    // Languages that turn text into a number read up to the first other character.
    ["everything after its digits cut off", [/^[0-9]{1,15}(?=[^0-9])/.exec(text)?.[0] ?? ""]],
  ]);
}

/** Adds characters to a key: before it, and after `%00`, where some servers stop reading. */
export function extendKey(key: Secret): KeyMutation[] {
  return mutate(key, (text) => [
    ["%00 and more after it", [`${text}%00a`, `${text}%00ab`, `${text}00`, `${text}0000`]],
    ["more characters before it", [`0${text}`, `00${text}`, `000${text}`]],
  ]);
}

/** Writes a key in other letters. Returns nothing for a key that has none or is the same in either case. */
export function swapCase(key: Secret): KeyMutation[] {
  return mutate(key, (text) => {
    const swapped = text.replace(/[A-Za-z]/g, (letter) => {
      const lower = letter.toLowerCase();
      return letter === lower ? letter.toUpperCase() : lower;
    });
    return [
      ["its letters in the opposite case", [swapped]],
      ["its letters in their full-width forms", [text.replace(/[A-Za-z]/g, toFullWidth)]],
    ];
  });
}

/** The bytes of UTF-8, which a header carries as one character each. */
function toFullWidth(letter: string): string {
  return Buffer.from(String.fromCharCode(letter.charCodeAt(0) + 0xfee0)).toString("latin1");
}

/** Replaces the id of a token in our format. Returns nothing for other keys. */
export function changeId(key: Secret, random: RandomText): KeyMutation[] {
  return mutate(key, (_, shape) =>
    shape.kind === "own" ? [["another id", [formatToken({ ...shape, id: random(ID_LENGTH) }).reveal()]]] : [],
  );
}

/** Returns the digests of a key that a server may store. If one is a key too, a copy of the store opens the server. */
export function digestsAsKeys(key: Secret): KeyMutation[] {
  return mutate(key, (text, { kind }) => {
    const digest: string = digestToken(text);
    // A JWT is verified, and need not be stored. Our own format is stored as here.
    if (kind === "jwt") return [];
    return [["its SHA-256 in its place", [kind === "own" ? digest : digest.slice("sha256:".length)]]];
  });
}

/** Replaces the secret of a key by patterns and conditions that match any. */
export function patternsOf(key: Secret): KeyMutation[] {
  return mutate(key, (text) => {
    const prefix = publicPrefixOf(text);
    return [
      ["% (a pattern of SQL) in its place", [`${prefix}%`]],
      // One character and anything after it for a cache, any number of characters for a regular expression.
      ["[+-~]* (a pattern of caches and a regular expression) in its place", [`${prefix}[+-~]*`]],
      ["'OR'1'='1 (a condition of SQL) in its place", [`${prefix}x'OR'1'='1`]],
    ];
  });
}

/** Mutates a key, or the password of Basic. */
function mutate(key: Secret, changesOf: (text: string, shape: KeyShape) => readonly KeyChange[]): KeyMutation[] {
  const original = key.reveal();
  const shape = shapeOf(original);
  const secret = shape.kind === "basic" ? secretOf(shape) : original;
  const whole = (text: string): string => (shape.kind === "basic" ? withSecret(shape, text) : text);
  const made = new Map<string, string>();
  for (const [change, texts] of changesOf(secret, shape.kind === "basic" ? shapeOf(secret) : shape)) {
    const other = texts
      .filter((text) => text !== "" && isOtherKey(secret, text))
      .map(whole)
      .find((text) => isOtherKey(original, text));
    if (other !== undefined && !made.has(other)) made.set(other, change);
  }
  return [...made].map(([text, change]) => ({ change, key: new Secret(text) }));
}
