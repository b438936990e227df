import { parseExpiry } from "../../core/duration.ts";
import type { Key } from "../../core/key.ts";
import { Secret } from "../../core/secret.ts";
import { shellQuote } from "../../core/shell-quote.ts";
import { isRevoked, keyStatus } from "../../core/status.ts";
import { KeysError } from "../../errors.ts";
import { mergeDotenv } from "../../formats/merge-dotenv.ts";
import type { KeyStore } from "../../stores/store.ts";
import { connect } from "../connect.ts";
import type { Context } from "../context.ts";
import { openDelivery } from "../delivery.ts";
import { expiryText } from "../expiry.ts";
import { DEFAULT_EXPIRY } from "../new-key.ts";
import { keyLabel } from "../terminal/render.ts";
import { readProjectFile } from "./read-file.ts";
import type { SetupStep } from "./step.ts";

/** The first key, and the file for its token. */
export interface FirstKey {
  readonly name: string;
  readonly file: string;
  /** Whether the file is a `.env` file, of which one variable is set. */
  readonly isDotenv: boolean;
}

/**
 * Plans the first key, through the same code as `generate`. A key of that name that works stays.
 * @throws {@link KeysError} `STORE_READ_ONLY` `NAME_TAKEN` `KEY_NOT_ACTIVE` `OUTPUT_EXISTS` `DELIVERY_FAILED`, and the errors of the store
 */
export async function planKey(ctx: Context, store: KeyStore, first: FirstKey): Promise<SetupStep> {
  const { name, file, isDotenv } = first;
  if (store.readOnly || store.spec === "memory:") {
    throw new KeysError("STORE_READ_ONLY", `${store.spec} cannot keep a new key`);
  }
  const now = ctx.world.now();
  const found = await store.get(name, { digests: false });
  const destination = { out: file, grace: 0, ...(isDotenv && { format: "dotenv", merge: true as const }) };
  const isMissing = found === null || (keyStatus(found, now) === "revoked" && !isRevoked(found));
  if (!isMissing) {
    requireActive(found, now);
    const text = (await readProjectFile(file)) ?? "";
    const flags = isDotenv ? " --format dotenv --merge" : "";
    const lost = `the token of ${name} was shown only once; if it is lost: mcp-keys rotate ${name} --out ${shellQuote(file)}${flags}`;
    const about = `the key ${keyLabel(found)}, ${expiryText(keyEndOf(found), now)}`;
    const notes = text.includes(`_${found.id}_`) ? [] : [`${file} does not contain the token of ${name}`, lost];
    return { step: "key", file, about, exists: true, notes, run: async () => [] };
  }
  if (isDotenv) await refuseOccupied(file);
  const expiresAt = parseExpiry(DEFAULT_EXPIRY, now);
  await openDelivery(ctx, { ...destination, plan: true }).catch((error: unknown) => {
    if (!(error instanceof KeysError) || error.code !== "OUTPUT_EXISTS") throw error;
    throw new KeysError("OUTPUT_EXISTS", `${file} exists, but ${store.spec} has no key named ${name}`, {
      hint: "choose another name with --name <name>, or move that file away",
      cause: error,
    });
  });
  return {
    ...{ step: "key", file, about: `the token of the key ${name}, ${expiryText(expiresAt, now)}`, exists: false },
    async run() {
      const keys = await connect(store, ctx.world);
      const delivery = await openDelivery(ctx, destination);
      await keys.generate({
        ...{ name, expiresAt, scopes: [] },
        deliver: (issued) => delivery.deliver(issued, () => ({})),
      });
      return [];
    },
  };
}

function requireActive(key: Key, now: number): void {
  const status = keyStatus(key, now);
  if (status === "active" || status === "expiring") return;
  throw new KeysError(status === "revoked" ? "NAME_TAKEN" : "KEY_NOT_ACTIVE", `the key ${keyLabel(key)} is ${status}`, {
    hint: `choose another name with --name <name>, or look at it with: mcp-keys show ${key.name}`,
  });
}

function keyEndOf(key: Key): number | null {
  return key.versions.at(-1)?.expiresAt ?? null;
}

/** The variable may have the only copy of a token for another server. */
async function refuseOccupied(file: string): Promise<void> {
  const before = (await readProjectFile(file)) ?? "";
  const after = mergeDotenv(before, { envName: "MCP_API_KEY", token: new Secret("x"), source: file });
  // Only an empty value, or none, makes room for another character.
  if (after.length > before.length) return;
  throw new KeysError("OUTPUT_EXISTS", `${file} already sets MCP_API_KEY`, {
    hint: "move that token to another variable, or leave out --dotenv to write the new one to <name>.key",
  });
}
