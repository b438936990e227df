import { digestToken } from "../core/digest.ts";
import type { Digest } from "../core/digest.ts";
import type { Key, KeyId } from "../core/key.ts";
import { keysOf, originOf, type Keyset } from "../core/keyset/keyset.ts";
import { parseKeyset } from "../core/keyset/parse-keyset.ts";
import { parsePublicKeys } from "../core/keyset/signature.ts";
import { isWeak, OPAQUE_PREFIX, opaqueIdOf } from "../core/opaque.ts";
import { explainUnusable, parseToken } from "../core/token.ts";
import { NO_USAGE } from "../core/usage.ts";
import { KeysError } from "../errors.ts";
import { KeyMap, versionOf } from "./key-map.ts";
import { createReporting } from "./keyset/report-file.ts";
import type { KeyStore, StoreWorld } from "./store.ts";

const NO_CHANGES: AsyncIterable<never> = {
  [Symbol.asyncIterator]: () => ({ next: async () => ({ done: true, value: undefined }) }),
};

/** A token from the environment. */
interface EnvToken {
  readonly id: KeyId;
  readonly prefix: string;
  readonly digest: Digest;
}

/**
 * Opens a read-only store with the keys from the environment, which it reads once: `MCP_API_KEY` (one token), `MCP_API_KEYS`
 * (tokens, separated by commas or newlines) and `MCP_API_KEYSET` (a keyset, see `mcp-keys export --keyset`, as JSON or as its
 * base64url). Tokens with the same id are versions of one key. The keyset decides about every key in it: a token of such a key
 * counts only if the keyset lists it. Without these variables the store is empty, and a server refuses every request.
 * @throws {@link KeysError} `TOKEN_UNUSABLE` with the variable and the problem, never the value; `TOKEN_WEAK` for a token in another
 *   format with less than 128 bits; `KEYSET_INVALID`; `USAGE` for a location or a bad `MCP_KEYS_KEYSET_PUBLIC_KEY`
 */
export async function openEnvStore(location: string, { env }: Pick<StoreWorld, "env">): Promise<KeyStore> {
  if (location !== "") {
    throw new KeysError("USAGE", "env: takes no location", { hint: "use it alone: --store env:" });
  }
  const single = env["MCP_API_KEY"] ?? "";
  const published = readKeyset(env);
  const tokens = [
    ...(single === "" ? [] : [readToken(single, "MCP_API_KEY")]),
    ...split(env["MCP_API_KEYS"]).map((text, i) => readToken(text, `entry ${i + 1} of MCP_API_KEYS`)),
  ];
  const keyMap = new KeyMap();
  const keysetMap = new KeyMap();
  for (const map of [keyMap, keysetMap]) map.apply(published === null ? [] : keysOf(published));
  const others = tokens.filter(({ id, digest }) => keyMap.byId(id) === null && keyMap.byDigest(digest) === null);
  keyMap.apply(toKeys(others, (name) => keyMap.byName(name) !== null));

  const refuse = async (): Promise<never> => {
    throw new KeysError("STORE_READ_ONLY", "the keys come from the environment and cannot be changed here");
  };
  return {
    spec: "env:",
    readOnly: true,
    get: async (ref) => keyMap.byId(ref) ?? keyMap.byName(ref),
    find: async (digest) => versionOf(keyMap.byDigest(digest), digest),
    list: async () => keyMap.list(),
    position: async () => ({ epoch: "env", seq: 0 }),
    snapshot: async () => ({
      epoch: "env",
      seq: 0,
      keys: keyMap.list(),
      ...(published !== null && originOf(published)),
    }),
    write: refuse,
    touch: refuse,
    usage: async () => NO_USAGE,
    ...(published !== null && { report: createReporting(env, async () => ({ keyset: published, keyMap: keysetMap })) }),
    // The environment of a process cannot be changed from outside, so there is never any news.
    changes: () => NO_CHANGES,
    watch: async () => () => {},
    close: async () => {},
  };
}

function readKeyset(env: StoreWorld["env"]): Keyset | null {
  const text = env["MCP_API_KEYSET"] ?? "";
  if (text.trim() === "") return null;
  const publicKeys = parsePublicKeys(env["MCP_KEYS_KEYSET_PUBLIC_KEY"]);
  return parseKeyset(text, { source: "MCP_API_KEYSET", publicKeys });
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
  if (isWeak(text)) {
    throw new KeysError("TOKEN_WEAK", `the token from ${source} can be guessed: it has less than 128 random bits`);
  }
  const parsed = parseToken(text);
  return { id: opaqueIdOf(text), prefix: parsed.ok ? parsed.prefix : OPAQUE_PREFIX, digest };
}

/** Makes the keys, named `env-1`, `env-2` and so on. */
function toKeys(tokens: readonly EnvToken[], isTaken: (name: string) => boolean): Key[] {
  const distinct = new Map(tokens.map((token) => [token.digest, token]));
  const byId = new Map<KeyId, EnvToken[]>();
  for (const token of distinct.values()) byId.set(token.id, [...(byId.get(token.id) ?? []), token]);
  let number = 0;
  const nextName = (): string => {
    do number++;
    while (isTaken(`env-${number}`));
    return `env-${number}`;
  };
  return [...byId].map(([id, versions]) => ({
    id,
    name: nextName(),
    prefix: versions[0]?.prefix ?? OPAQUE_PREFIX,
    scopes: [],
    audience: [],
    tags: {},
    createdAt: 0,
    createdBy: "env",
    enabled: true,
    revision: 1,
    versions: versions.map(({ digest }, j) => ({
      n: j + 1,
      digest,
      createdAt: 0,
      expiresAt: null,
      state: "current",
      lastUsedAt: null,
    })),
  }));
}
