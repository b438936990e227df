import { parseName, planKey, type KeyInput } from "../core/generate.ts";
import type { Key } from "../core/key.ts";
import type { Position } from "../core/position.ts";
import { releaseName } from "../core/revoke.ts";
import { isRevoked } from "../core/status.ts";
import { DEFAULT_PREFIX } from "../core/token.ts";
import { CODES, KeysError } from "../errors.ts";
import type { KeyStore } from "../stores/store.ts";
import { completeVersion } from "./complete.ts";
import { issuedAs, type Deliver, type Issued } from "./deliver.ts";
import type { Mint } from "./mint.ts";
import { NO_DIGESTS, type OperationContext } from "./update.ts";

/** What a store throws if another run was first. */
const TAKEN: readonly unknown[] = ["STORE_CONFLICT", "NAME_TAKEN"];
/** With these errors the token may have arrived, so the key stays. */
const UNSETTLED: readonly unknown[] = ["DELIVERY_UNCERTAIN", "INTERRUPTED"];

/**
 * Input of {@link Keys.generate}. Only `expiresAt` is required: seconds since 1970, or `null` for never. The optional members are
 * `name`, `prefix` (default `mcp`), `scopes`, `audience` (server URLs), `owner`, `note`, `tags`, `replace`, `deliver` and `wait`.
 * @example
 * ```ts
 * import type { GenerateInput } from "mcp-keys";
 *
 * const inNinetyDays = Math.floor(Date.now() / 1000) + 90 * 86_400;
 * const input: GenerateInput = { name: "ci", expiresAt: inNinetyDays, scopes: ["deploy"], owner: "ada" };
 * ```
 */
export type GenerateInput = Omit<KeyInput, "name"> & {
  /** Default: `default`, or `key-<id>` if that is taken. */
  readonly name?: string;
  /** Takes over the name of a revoked key, which is then called `<name>.<id>`, or `<name>.<id>.2` if that is taken. */
  readonly replace?: boolean;
  /** With `deliver`: waits until servers have applied a position of the store. If it throws, the token is never delivered. */
  readonly wait?: (position: Position) => Promise<void>;
  /** Delivers the token; the version stays `pending` until this resolves. Without it, the returned token is the delivery. */
  readonly deliver?: Deliver;
};

/**
 * Issues a key.
 * @throws {@link KeysError} `USAGE`, `NAME_TAKEN`, and the errors of the store and of `deliver`
 */
export async function generateKey(context: OperationContext, mint: Mint, input: GenerateInput): Promise<Issued> {
  const { name, ...rest } = input;
  if (name !== undefined) return issue(context, mint, { ...rest, name });
  try {
    return await issue(context, mint, { ...rest, name: "default" });
  } catch (error) {
    if (!(error instanceof KeysError) || error.code !== "NAME_TAKEN") throw error;
    const id = mint.id();
    return issue(context, { ...mint, id: () => id }, { ...rest, name: `key-${id}` });
  }
}

async function issue(
  context: OperationContext,
  mint: Mint,
  { deliver, wait, replace = false, ...input }: GenerateInput & { name: string },
): Promise<Issued> {
  const now = context.now();
  const found = await context.store.get(parseName(input.name), NO_DIGESTS);
  const canTake = found !== null && replace && found.name === input.name && isRevoked(found);
  if (found !== null && !isUndelivered(found) && !canTake) throw nameTaken(found);
  const before = canTake ? null : found;
  const id = before?.id ?? mint.id();
  const state = deliver === undefined ? "current" : "pending";
  const { token, digest } = mint.token(input.prefix ?? DEFAULT_PREFIX, id);
  const planned = planKey(input, { id, digest, now, by: context.by, state });
  const wanted = before === null ? planned : continueKey(before, planned);
  const n = wanted.versions.length;
  const released = canTake ? await release(context.store, found) : null;
  const { key, position } = await writeNew(context, wanted, n, released);
  const issued = issuedAs(key, n, { token, position });
  if (deliver === undefined) return issued;
  return completeVersion(context, issued, { overlap: 0, deliver, wait }).catch((error: unknown) => {
    throw withNextStep(error, input.name);
  });
}

/** Replaces the hint to run the same command again: if the token may have arrived, the name is taken. */
function withNextStep(error: unknown, name: string): unknown {
  if (!(error instanceof KeysError) || !UNSETTLED.includes(error.code)) return error;
  const { code, message, hint, cause } = error;
  if (hint !== CODES[code].hint) return error;
  const next = `deliver a new token to the same destination: mcp-keys rotate ${name}; the first one works too`;
  return new KeysError(code, message, { hint: next, cause });
}

/** Returns the revoked key under another name, one that no key has. */
async function release(store: KeyStore, key: Key): Promise<Key | null> {
  for (let attempt = 1; ; attempt++) {
    const released = releaseName(key, attempt);
    if (released === null || (await store.get(released.name, NO_DIGESTS)) === null) return released;
  }
}

/**
 * Writes a new key. The key that gives up its name for it is part of the same change: either both are saved or neither.
 * @param released - the revoked key under its other name; `null` if the name is free
 */
async function writeNew(
  { store, now, by }: OperationContext,
  key: Key,
  version: number,
  released: Key | null,
): Promise<Pick<Issued, "key" | "position">> {
  const about = released === null ? { version } : { detail: `name released by ${released.id}` };
  const keys = released === null ? [key] : [released, key];
  try {
    const { keys: written, epoch, seq } = await store.write({ op: "generate", at: now(), by, ...about, keys });
    return { key: written.at(-1) ?? key, position: { epoch, seq } };
  } catch (error) {
    // Another run took the name first, or continued the same undelivered key.
    if (!(error instanceof KeysError) || !TAKEN.includes(error.code)) throw error;
    throw nameTaken(await requireNamed(store, key));
  }
}

async function requireNamed(store: KeyStore, key: Key): Promise<Key> {
  return (await store.get(key.name, NO_DIGESTS)) ?? key;
}

/** An earlier run failed to deliver this key; the same command may reuse its name. */
function isUndelivered(key: Key): boolean {
  return key.versions.every(({ state, reason }) => state === "revoked" && reason === "undelivered");
}

function continueKey(before: Key, planned: Key): Key {
  const [first] = planned.versions;
  if (first === undefined) return planned;
  return {
    ...planned,
    revision: before.revision,
    createdAt: before.createdAt,
    createdBy: before.createdBy,
    versions: [...before.versions, { ...first, n: before.versions.length + 1 }],
  };
}

function nameTaken(key: Key): KeysError {
  const { name, id, versions } = key;
  if (isRevoked(key)) {
    return new KeysError("NAME_TAKEN", `a revoked key is named ${name} (${id})`, {
      hint: `take over its name with: mcp-keys generate ${name} --replace, or choose another name`,
    });
  }
  const unfinished = versions.length > 0 && versions.every(({ state }) => state === "pending");
  return new KeysError("NAME_TAKEN", `a key named ${name} already exists (${id})`, {
    hint: unfinished
      ? `an earlier run did not finish; finish it with: mcp-keys rotate ${name}`
      : `choose another name, or replace its secret with: mcp-keys rotate ${name}`,
  });
}
