import { parseExpiry } from "../../core/duration.ts";
import type { Key } from "../../core/key.ts";
import { shellQuote } from "../../core/shell-quote.ts";
import { isRevoked, keyStatus } from "../../core/status.ts";
import { KeysError } from "../../errors.ts";
import type { Issued } from "../../keys/deliver.ts";
import type { KeyStore } from "../../stores/store.ts";
import { connect } from "../connect.ts";
import type { Context } from "../context.ts";
import { expiryText } from "../expiry.ts";
import { DEFAULT_EXPIRY } from "../new-key.ts";
import { keyLabel } from "../terminal/render.ts";
import { readProjectFile } from "./project-file.ts";
import type { SetupStep } from "./step.ts";
import { openTokenFile, type FirstKey } from "./token-file.ts";

/**
 * Plans the first key, through the same code as `generate`. A key of that name that works stays. One whose token an interrupted run may
 * not have delivered gets a new token, through the same code as `rotate`.
 * @throws {@link KeysError} `STORE_READ_ONLY` `NAME_TAKEN` `KEY_NOT_ACTIVE` `OUTPUT_EXISTS` `DELIVERY_FAILED`, and the errors of the store
 */
export async function planKey(ctx: Context, store: KeyStore, first: FirstKey): Promise<SetupStep> {
  const { name, file } = first;
  if (store.readOnly || store.spec === "memory:") {
    throw new KeysError("STORE_READ_ONLY", `${store.spec} cannot keep a new key`);
  }
  const now = ctx.world.now();
  const found = await store.get(name, { digests: false });
  const isMissing = found === null || (keyStatus(found, now) === "revoked" && !isRevoked(found));
  if (!isMissing) requireActive(found, now);
  const isHeld = !isMissing && ((await readProjectFile(file)) ?? "").includes(`_${found.id}_`);
  if (!isMissing && !isUnfinished(found)) return existingKey(found, first, { isHeld, now });

  await openTokenFile(ctx, first, { replaces: isHeld, dryRun: true }).catch((error: unknown) => {
    if (!(error instanceof KeysError) || error.code !== "OUTPUT_EXISTS" || first.isDotenv) throw error;
    const reason = isMissing ? `${store.spec} has no key named ${name}` : `does not contain the token of ${name}`;
    throw new KeysError("OUTPUT_EXISTS", `${file} exists, but ${reason}`, {
      hint: "choose another name with --name <name>, or move that file away",
      cause: error,
    });
  });
  const expiresAt = isMissing ? parseExpiry(DEFAULT_EXPIRY, now) : keyEndOf(found);
  const about = isMissing ? "the token of the key" : "a new token, because an earlier run did not finish the key";
  return {
    ...{ step: "key", file, about: `${about} ${name}, ${expiryText(expiresAt, now)}`, exists: false },
    async run() {
      const keys = await connect(store, ctx.world);
      const write = await openTokenFile(ctx, first, { replaces: isHeld, dryRun: false });
      const deliver = ({ token }: Issued) => write(token);
      await (isMissing
        ? keys.generate({ name, expiresAt, scopes: [], deliver })
        : keys.rotate(found.id, { expiresAt, deliver }));
      return [];
    },
  };
}

/** Returns whether an interrupted run added the only versions, and did not note whether their tokens arrived. */
function isUnfinished({ versions }: Key): boolean {
  return (
    versions.some(({ state }) => state === "pending") && versions.every(({ promotedAt }) => promotedAt === undefined)
  );
}

function existingKey(
  found: Key,
  { name, file, isDotenv }: FirstKey,
  { isHeld, now }: { isHeld: boolean; now: number },
): SetupStep {
  const flags = isDotenv ? " --format dotenv --merge" : "";
  const lost = `the token of ${name} was shown only once; if it is lost: mcp-keys rotate ${name} --out ${shellQuote(file)}${flags}`;
  return {
    ...{ step: "key", file, about: `the key ${keyLabel(found)}, ${expiryText(keyEndOf(found), now)}`, exists: true },
    notes: isHeld ? [] : [`${file} does not contain the token of ${name}`, lost],
    run: async () => [],
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
