import { KeysError } from "../errors.ts";
import type { Digest } from "./digest.ts";
import { parseDate } from "./duration.ts";
import type { Epoch } from "./key.ts";
import { isObject, isString, isStrings } from "./type-guards.ts";

/** A key of a file of digests. Its settings are checked when it is imported. */
export interface DigestLine {
  /** `line 3`, for errors. */
  readonly source: string;
  readonly name: string;
  readonly digest: Digest;
  readonly expiresAt: Epoch | null;
  readonly enabled: boolean;
  readonly scopes?: readonly string[];
  readonly audience?: readonly string[];
  readonly owner?: string;
  readonly note?: string;
  readonly tags?: Readonly<Record<string, string>>;
}

type Fail = (what: string, hint: string) => KeysError;

const isTags = (value: unknown): value is Record<string, string> =>
  isObject(value) && Object.values(value).every(isString);
const isFlag = (value: unknown): value is boolean => typeof value === "boolean";

/** The members of a line, and what each must be. */
const MEMBERS: Readonly<Record<string, readonly [is: (value: unknown) => boolean, what: string]>> = {
  name: [isString, "a text"],
  sha256: [isString, "a text"],
  encoding: [isString, "hex, base64 or base64url"],
  expiresAt: [(value) => value === null || isString(value), "a time such as 2027-03-01T12:00:00Z, or null for never"],
  enabled: [isFlag, "true or false"],
  scopes: [isStrings, "a list of texts"],
  audience: [isStrings, "a list of URLs"],
  owner: [isString, "a text"],
  note: [isString, "a text"],
  tags: [isTags, "an object of texts"],
};

/** The texts of 32 bytes in each encoding. Base64 is accepted with and without padding. */
const ENCODINGS: Readonly<Record<string, RegExp>> = {
  hex: /^[0-9A-Fa-f]{64}$/,
  base64: /^[A-Za-z0-9+/]{43}=?$/,
  base64url: /^[A-Za-z0-9_-]{43}=?$/,
};

/**
 * Parses a file of digests: one JSON object a line, empty lines are skipped. Errors name the line and quote nothing, because a
 * line may contain a token.
 * @param defaultExpiry - for lines without `expiresAt`; `null` for never
 * @throws {@link KeysError} `USAGE`
 */
export function parseDigestLines(text: string, defaultExpiry: Epoch | null): DigestLine[] {
  return text
    .replace(/^\uFEFF/, "")
    .split(/\r\n|\n|\r/)
    .flatMap((line, i) => (line.trim() === "" ? [] : [parseLine(line, `line ${String(i + 1)}`, defaultExpiry)]));
}

function parseLine(line: string, source: string, defaultExpiry: Epoch | null): DigestLine {
  const fail: Fail = (what, hint) => new KeysError("USAGE", `${source}: ${what}`, { hint });
  const entry = parseJson(line);
  if (!isObject(entry)) throw fail("not a JSON object", 'write one object a line: {"name": "ci", "sha256": "…"}');
  for (const [member, value] of Object.entries(entry)) {
    const rule = Object.hasOwn(MEMBERS, member) ? MEMBERS[member] : undefined;
    // The name of a member may be a token too.
    if (rule === undefined) throw fail("it has an unknown member", `use ${Object.keys(MEMBERS).join(", ")}`);
    if (!rule[0](value)) throw fail(`${member} is not ${rule[1]}`, `write ${rule[1]}, or leave it out`);
  }
  const { name, sha256, encoding = "hex", expiresAt, enabled = true, ...settings } = entry;
  if (!isString(name) || !isString(sha256)) {
    throw fail("name or sha256 is missing", "every key needs a name and the SHA-256 of its whole token");
  }
  return {
    ...(settings as Partial<DigestLine>),
    ...{ source, name, digest: parseSha256(sha256, String(encoding), fail), enabled: enabled === true },
    expiresAt: expiresAt === undefined ? defaultExpiry : parseEnd(expiresAt, fail),
  };
}

function parseSha256(text: string, encoding: string, fail: Fail): Digest {
  const pattern = Object.hasOwn(ENCODINGS, encoding) ? ENCODINGS[encoding] : undefined;
  if (pattern === undefined) throw fail("its encoding is unknown", `use ${Object.keys(ENCODINGS).join(", ")}`);
  const bytes = pattern.test(text) ? Buffer.from(text, encoding as BufferEncoding) : null;
  if (bytes?.length !== 32) {
    const other = Object.keys(ENCODINGS).find((name) => ENCODINGS[name]?.test(text) === true);
    throw fail(
      `sha256 is not 32 bytes in ${encoding}`,
      other === undefined ? "write the SHA-256 of the token, never the token itself" : `add "encoding": "${other}"`,
    );
  }
  return `sha256:${bytes.toString("hex")}`;
}

function parseEnd(value: unknown, fail: Fail): Epoch | null {
  if (!isString(value)) return null;
  try {
    return parseDate(value);
  } catch {
    throw fail("expiresAt is not a time", "write a time such as 2027-03-01T12:00:00Z, or null for never");
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
