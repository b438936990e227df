import { digestToken, isDigest, parsePeppers, pepperIdOf } from "../core/digest.ts";
import type { Digest, Pepper } from "../core/digest.ts";
import type { Epoch, Key, KeyId } from "../core/key.ts";
import { estimateBits, MIN_OPAQUE_BITS, OPAQUE_PREFIX } from "../core/opaque.ts";
import { BASE62, explainUnusable, ID_LENGTH, parseToken } from "../core/token.ts";
import { KeysError } from "../errors.ts";
import { KeyMap, versionOf } from "./key-map.ts";
import type { KeyStore, StoreWorld } from "./store.ts";

const NO_CHANGES: AsyncIterable<never> = {
  [Symbol.asyncIterator]: () => ({ next: async () => ({ done: true, value: undefined }) }),
};

/** A token or digest from the environment. */
interface EnvToken {
  readonly id: KeyId;
  readonly prefix: string;
  readonly digest: Digest;
  /** The first second in which it is no longer valid. */
  readonly expiresAt: Epoch | null;
}

/**
 * Opens a read-only store with the keys from the environment, which it reads once: `MCP_API_KEY` (one token), `MCP_API_KEYS`
 * (tokens) and `MCP_API_KEY_HASHES` (`<digest>` or `<digest>@<expiry in epoch seconds>`). Lists are separated by commas or
 * newlines. Tokens with the same id are versions of one key. Without these variables the store is empty, and a server refuses
 * every request.
 * @throws {@link KeysError} `TOKEN_UNUSABLE` with the variable and the problem, never the value; `TOKEN_WEAK` for a token in another
 *   format with less than 128 bits; `PEPPER_INVALID` for a digest whose pepper is not in `MCP_KEYS_PEPPER`; `USAGE` for a location
 */
export async function openEnvStore(location: string, { env }: Pick<StoreWorld, "env">): Promise<KeyStore> {
  if (location !== "") {
    throw new KeysError("USAGE", "env: takes no location", { hint: "use it alone: --store env:" });
  }
  const peppers = parsePeppers(env["MCP_KEYS_PEPPER"]);
  const single = env["MCP_API_KEY"] ?? "";
  const keyMap = new KeyMap();
  keyMap.apply(
    toKeys([
      ...(single === "" ? [] : [readToken(single, "MCP_API_KEY")]),
      ...split(env["MCP_API_KEYS"]).map((text, i) => readToken(text, `entry ${i + 1} of MCP_API_KEYS`)),
      ...split(env["MCP_API_KEY_HASHES"]).map((text, i) => readDigest(text, i + 1, peppers)),
    ]),
  );

  const refuse = async (): Promise<never> => {
    throw new KeysError("STORE_READ_ONLY", "the keys come from the environment and cannot be changed here");
  };
  return {
    spec: "env:",
    readOnly: true,
    get: async (ref) => keyMap.byId(ref) ?? keyMap.byName(ref),
    find: async (digest) => versionOf(keyMap.byDigest(digest), digest),
    list: async () => keyMap.list(),
    snapshot: async () => ({ seq: 0, keys: keyMap.list() }),
    write: refuse,
    touch: refuse,
    // The environment of a process cannot be changed from outside, so there is never any news.
    changes: () => NO_CHANGES,
    watch: async () => () => {},
    close: async () => {},
  };
}

function split(text = ""): string[] {
  return text
    .split(/[,\n]/)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
}

function readToken(text: string, source: string): EnvToken {
  const fault = explainUnusable(text);
  if (fault !== null) throw new KeysError("TOKEN_UNUSABLE", `the token from ${source} ${fault}`);
  const digest = digestToken(text);
  const parsed = parseToken(text);
  if (parsed.ok) return { id: parsed.id, prefix: parsed.prefix, digest, expiresAt: null };
  if (estimateBits(text) < MIN_OPAQUE_BITS) {
    throw new KeysError("TOKEN_WEAK", `the token from ${source} can be guessed: it has less than 128 random bits`);
  }
  return { id: idOf(digest), prefix: OPAQUE_PREFIX, digest, expiresAt: null };
}

function readDigest(text: string, position: number, peppers: readonly Pepper[]): EnvToken {
  const [digest = "", end, ...more] = text.split("@");
  const time = end === undefined ? null : Number(end);
  const isTime = time === null || (/^[0-9]{1,15}$/.test(end ?? "") && Number.isSafeInteger(time));
  if (!isDigest(digest) || !isTime || more.length > 0) {
    throw new KeysError("TOKEN_UNUSABLE", `entry ${position} of MCP_API_KEY_HASHES is not a digest`, {
      hint: "print the value with: mcp-keys export --hashes",
    });
  }
  const pepper = pepperIdOf(digest);
  if (pepper !== null && !peppers.some(({ id }) => id === pepper)) {
    throw new KeysError("PEPPER_INVALID", `entry ${position} of MCP_API_KEY_HASHES was made with another pepper`, {
      hint: `add the pepper ${pepper} to MCP_KEYS_PEPPER`,
    });
  }
  return { id: idOf(digest), prefix: OPAQUE_PREFIX, digest, expiresAt: time };
}

/** Derives an id from the digest. It is the same at every start and reveals nothing about the token. */
function idOf(digest: Digest): KeyId {
  let rest = BigInt(`0x${digest.slice(-64)}`);
  let id = "";
  while (id.length < ID_LENGTH) {
    id += BASE62.charAt(Number(rest % 62n));
    rest /= 62n;
  }
  return id;
}

function toKeys(entries: readonly EnvToken[]): Key[] {
  const distinct = new Map<Digest, EnvToken>();
  for (const entry of entries) {
    const known = distinct.get(entry.digest);
    // Listed as a token and as a digest: the first entry is the token, which has an id. The earlier expiry counts.
    if (known === undefined) distinct.set(entry.digest, entry);
    else distinct.set(entry.digest, { ...known, expiresAt: earlier(known.expiresAt, entry.expiresAt) });
  }
  const byId = new Map<KeyId, EnvToken[]>();
  for (const entry of distinct.values()) byId.set(entry.id, [...(byId.get(entry.id) ?? []), entry]);
  return [...byId].map(([id, versions], i) => ({
    id,
    name: `env-${i + 1}`,
    prefix: versions[0]?.prefix ?? OPAQUE_PREFIX,
    scopes: [],
    audience: [],
    tags: {},
    createdAt: 0,
    createdBy: "env",
    enabled: true,
    revision: 1,
    versions: versions.map(({ digest, expiresAt }, j) => ({
      n: j + 1,
      digest,
      createdAt: 0,
      expiresAt,
      state: "current",
      lastUsedAt: null,
    })),
  }));
}

function earlier(a: Epoch | null, b: Epoch | null): Epoch | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b);
}
