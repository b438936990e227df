import { parsePeppers, pepperIdOf } from "../../core/digest.ts";
import { isUsable } from "../../core/version.ts";
import type { Diagnostic } from "../finding.ts";
import { orNull } from "../context.ts";

export const pepper: Diagnostic = {
  about: "MCP_KEYS_PEPPER",
  exit: 2,
  async run({ world, storedKeys, openStore, now }) {
    const peppers = parsePeppers(world.env["MCP_KEYS_PEPPER"]);
    // A store that keeps its digests elsewhere is asked for them only when it can be read at all.
    const keys = (await orNull(storedKeys)) === null ? null : await orNull(async () => (await openStore()).list());
    const lost = new Map<string, number>();
    for (const version of (keys ?? []).flatMap(({ versions }) => versions.filter((each) => isUsable(each, now)))) {
      const id = pepperIdOf(version.digest);
      if (id === null || peppers.some((each) => each.id === id)) continue;
      lost.set(id, (lost.get(id) ?? 0) + 1);
    }
    if (lost.size > 0) {
      return [...lost].map(([id, count]) => ({
        status: "fail",
        observed: `${String(count)} ${count === 1 ? "version needs" : "versions need"} the pepper ${id}, which MCP_KEYS_PEPPER does not have: the tokens are refused`,
        fix: `add it behind the others: MCP_KEYS_PEPPER=<the new one>,${id}:<its key>`,
      }));
    }
    if (peppers.length === 0) return [];
    const names = peppers.map(({ id }) => id).join(" ");
    return [{ status: "pass", observed: `MCP_KEYS_PEPPER has ${names}, and no version needs another` }];
  },
};
