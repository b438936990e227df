import { readFile, stat } from "node:fs/promises";
import type { Key } from "../core/key.ts";
import { toKeyset, type Keyset } from "../core/keyset/keyset.ts";
import { parseSigningKey, signKeyset } from "../core/keyset/signature.ts";
import { shellQuote } from "../core/shell-quote.ts";
import { keyStatus } from "../core/status.ts";
import { KeysError } from "../errors.ts";
import { requireKey } from "../keys/update.ts";
import type { Context } from "./context.ts";

/** What to write into a keyset. */
export interface KeysetFlags {
  /** False to leave out the names. */
  readonly names: boolean;
  readonly signWith?: string;
  readonly base64url?: true;
}

/** A keyset as text. */
export interface KeysetText {
  readonly text: string;
  /** The last change of the store that it contains. */
  readonly seq: number;
}

/**
 * Reads the signing key, and returns a function that makes the keyset of some keys, or of all keys: signed with `--sign-with`, encoded
 * with `--base64url`. Warns about a key that was asked for but is not valid.
 * @throws {@link KeysError} `USAGE` or `STORE_INSECURE` for the signing key. The function: `KEY_NOT_FOUND`; the errors of the store
 */
export async function openKeyset(
  ctx: Context,
  refs: readonly string[],
  flags: KeysetFlags,
): Promise<() => Promise<KeysetText>> {
  const signingKey = flags.signWith === undefined ? null : await readSigningKey(flags.signWith, ctx.world.uid);
  let isFirst = true;
  return async () => {
    const store = await ctx.store();
    const now = ctx.world.now();
    const chosen = await Promise.all(refs.map((ref) => requireKey(store, ref, { digests: false })));
    // The digests and the position come from one snapshot, so the keyset is never newer than it says.
    const { epoch, seq, keys } = await store.snapshot();
    const isChosen = ({ id }: Key): boolean => refs.length === 0 || chosen.some((key) => key.id === id);
    const keyset = toKeyset(keys.filter(isChosen), { store: store.spec, seq, epoch, now, names: flags.names });
    for (const key of chosen.filter(({ id }) => !keyset.keys.some((each) => each.id === id))) {
      ctx.io.warn(`left out ${key.name}: it is ${keyStatus(key, now)}`);
    }
    if (isFirst) remark(ctx, keyset);
    isFirst = false;
    const text = JSON.stringify(keyset);
    const document = signingKey === null ? text : signKeyset(text, signingKey);
    return { text: flags.base64url === true ? Buffer.from(document).toString("base64url") : document, seq };
  };
}

function remark({ io }: Context, { keys }: Keyset): void {
  if (keys.length === 0) io.warn("the keyset is empty: a server that reads it refuses every request");
  const pepper = keys.some(({ versions }) => versions.some(({ digest }) => digest.startsWith("hmac-")));
  if (pepper) io.note("the server must have the same MCP_KEYS_PEPPER");
}

/** Whoever can read the signing key can make servers accept any token, so it has to be as private as a store. */
async function readSigningKey(path: string, uid: number | null): Promise<ReturnType<typeof parseSigningKey>> {
  const hint = "check the path that follows --sign-with";
  const cannotRead = (cause: unknown) => {
    throw new KeysError("USAGE", `cannot read ${path}`, { hint, cause });
  };
  const found = await stat(path).catch(cannotRead);
  if (!found.isFile() && !found.isFIFO()) throw new KeysError("USAGE", `${path} is not a file`, { hint });
  const key = parseSigningKey(await readFile(path, "utf8").catch(cannotRead), path);
  // Only now: the path may lead to a folder or a file of the system, whose mode must stay as it is.
  if (uid === null || (found.mode & 0o077) === 0) return key;
  throw new KeysError("STORE_INSECURE", `${path} is open to other users`, {
    hint: `fix it with: chmod 600 ${shellQuote(path)}`,
  });
}
