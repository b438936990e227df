import { describeEdit, editKey, parseChanges, type KeyChanges } from "../core/edit.ts";
import type { Key } from "../core/key.ts";
import { isRevoked } from "../core/status.ts";
import { KeysError } from "../errors.ts";
import { CHANGES } from "./argument-rules.ts";
import { requireClockAfterUse } from "./rotate.ts";
import { NO_DIGESTS, requireKey, updateKey, type OperationContext, type Updated } from "./update.ts";

/**
 * Changes the settings of a key.
 * @throws {@link KeysError} `KEY_NOT_FOUND`, `KEY_NOT_ACTIVE`, `NAME_TAKEN`, `CLOCK_BEHIND`, `USAGE`, `TOKEN_MISPLACED`, and the errors of the store
 */
export async function editSettings(context: OperationContext, ref: string, changes: KeyChanges): Promise<Updated> {
  if (Object.keys(changes).length === 0) {
    throw new KeysError("USAGE", "update has no changes", { hint: `pass some of ${Object.keys(CHANGES).join(", ")}` });
  }
  const parsed = parseChanges(changes, context.now());
  const before = await requireKey(context.store, ref, NO_DIGESTS);
  const { id } = before;
  // To a clock that is behind, a version that has expired seems to work.
  if (parsed.expiresAt !== undefined) requireClockAfterUse(context, before);
  if (parsed.name !== undefined) await requireFreeName(context, parsed.name, id);
  let detail = "";
  const decide = (key: Key): Key | null => {
    const edited = editKey(key, parsed, context.now());
    detail = edited === null ? "" : describeEdit(key, edited);
    return edited;
  };
  try {
    return await updateKey(context, id, () => ({ op: "update", detail }), decide);
  } catch (error) {
    // Another process took the name after it was free.
    if (parsed.name !== undefined && error instanceof KeysError && error.code === "NAME_TAKEN") {
      await requireFreeName(context, parsed.name, id);
    }
    throw error;
  }
}

/** A name that is the id of another key would find that key. */
async function requireFreeName({ store }: OperationContext, name: string, id: string): Promise<void> {
  const other = await store.get(name, NO_DIGESTS);
  if (other === null || other.id === id) return;
  const release = `free it with: mcp-keys revoke ${other.id} --release-name --yes, or `;
  throw new KeysError(
    "NAME_TAKEN",
    `${isRevoked(other) ? "a revoked key" : "another key"} has the name or id ${name} (${other.id})`,
    { hint: `${isRevoked(other) ? release : ""}choose another name` },
  );
}
