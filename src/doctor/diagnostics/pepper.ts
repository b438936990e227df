import { parsePeppers, pepperIdOf } from "../../core/digest.ts";
import { isUsable } from "../../core/judge.ts";
import type { Epoch, Key } from "../../core/key.ts";
import { orNull } from "../context.ts";
import type { Diagnostic } from "../diagnostic.ts";

export const pepper: Diagnostic = {
  about: "MCP_KEYS_PEPPER",
  exit: 2,
  async run({ world, storedKeys, openStore, now }) {
    const ids = parsePeppers(world.env["MCP_KEYS_PEPPER"]).map(({ id }) => id);
    // Reading digests may open the keychain, so that happens only if the store itself can be read.
    const keys = (await orNull(storedKeys)) === null ? null : await orNull(async () => (await openStore()).list());
    const needed = countNeeded(
      (keys ?? []).filter(({ enabled }) => enabled),
      now,
    );
    const missing = [...needed].filter(([id]) => !ids.includes(id));
    if (missing.length > 0) {
      return missing.map(([id, count]) => ({
        status: "fail",
        observed: `${String(count)} ${count === 1 ? "version needs" : "versions need"} the pepper ${id}, which is not in MCP_KEYS_PEPPER: servers do not start`,
        fix: `add it after the others: MCP_KEYS_PEPPER=<the new one>,${id}:<its key>`,
      }));
    }
    if (ids.length === 0) return [];
    // The first one is for new digests, and a disabled key may be enabled again.
    const used = countNeeded(keys ?? [], now);
    const unused = keys === null ? [] : ids.slice(1).filter((id) => !used.has(id));
    const unneeded = unused.length === 0 ? "" : `, and none needs ${unused.join(" or ")}`;
    return [{ status: "pass", observed: `MCP_KEYS_PEPPER has ${ids.join(" ")}; no version needs another${unneeded}` }];
  },
};

/** Counts the versions that need a pepper. Those that no longer work do not count. */
function countNeeded(keys: readonly Key[], now: Epoch): Map<string, number> {
  const needed = new Map<string, number>();
  for (const version of keys.flatMap(({ versions }) => versions)) {
    const id = pepperIdOf(version.digest);
    if (id !== null && isUsable(version, now)) needed.set(id, (needed.get(id) ?? 0) + 1);
  }
  return needed;
}
