import { parsePeppers, pepperIdOf } from "../../core/digest.ts";
import { isUsable } from "../../core/judge.ts";
import { orNull } from "../context.ts";
import type { Diagnostic } from "../diagnostic.ts";

export const pepper: Diagnostic = {
  about: "MCP_KEYS_PEPPER",
  exit: 2,
  async run({ world, storedKeys, openStore, now }) {
    const peppers = parsePeppers(world.env["MCP_KEYS_PEPPER"]);
    // Reading digests may open the keychain, so that happens only if the store itself can be read.
    const keys = (await orNull(storedKeys)) === null ? null : await orNull(async () => (await openStore()).list());
    const missing = new Map<string, number>();
    for (const version of (keys ?? []).flatMap(({ versions }) => versions.filter((each) => isUsable(each, now)))) {
      const id = pepperIdOf(version.digest);
      if (id === null || peppers.some((each) => each.id === id)) continue;
      missing.set(id, (missing.get(id) ?? 0) + 1);
    }
    if (missing.size > 0) {
      return [...missing].map(([id, count]) => ({
        status: "fail",
        observed: `${String(count)} ${count === 1 ? "version needs" : "versions need"} the pepper ${id}, which is not in MCP_KEYS_PEPPER: the tokens are refused`,
        fix: `add it after the others: MCP_KEYS_PEPPER=<the new one>,${id}:<its key>`,
      }));
    }
    if (peppers.length === 0) return [];
    const names = peppers.map(({ id }) => id).join(" ");
    return [{ status: "pass", observed: `MCP_KEYS_PEPPER has ${names}; no version needs another` }];
  },
};
