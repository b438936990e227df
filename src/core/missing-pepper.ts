import { KeysError } from "../errors.ts";
import { pepperIdOf, type Pepper } from "./digest.ts";
import { isUsable } from "./judge.ts";
import type { Epoch, Key } from "./key.ts";

type PepperId = Pick<Pepper, "id">;

/**
 * Returns the id of a pepper that was not passed and without which a token of the key cannot be checked, or `null`. Versions that
 * no longer work do not count, nor do disabled keys: their tokens are refused in any case.
 */
export function missingPepperOf(key: Key, peppers: readonly PepperId[], now: Epoch): string | null {
  if (!key.enabled) return null;
  for (const version of key.versions) {
    const id = pepperIdOf(version.digest);
    if (id !== null && !peppers.some((pepper) => pepper.id === id) && isUsable(version, now)) return id;
  }
  return null;
}

/** Creates the error for a token that cannot be checked. It is the server's fault, so it must not look like a refusal. */
export function missingPepper(id: string, what: string): KeysError {
  return new KeysError("PEPPER_MISSING", `${what} the pepper ${id}, which is not in MCP_KEYS_PEPPER`, {
    hint: `add it after the others: MCP_KEYS_PEPPER=<the current one>,${id}:<its key>`,
  });
}
