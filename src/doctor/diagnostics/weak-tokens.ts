import { weakVersion } from "../../core/status.ts";
import { orNull } from "../context.ts";
import type { Diagnostic } from "../diagnostic.ts";

export const weakTokens: Diagnostic = {
  about: "imported tokens that can be guessed",
  exit: 6,
  async run(context) {
    const keys = (await orNull(context.storedKeys))?.keys ?? [];
    if (keys.length === 0) return [];
    const found = keys.flatMap((key) => {
      const version = key.enabled ? weakVersion(key, context.now) : undefined;
      return version === undefined ? [] : [{ name: key.name, n: version.n, isReplaced: version.state === "retiring" }];
    });
    if (found.length === 0) return [{ status: "pass", observed: "no working token is known to be weak" }];
    return found.map(({ name, n, isReplaced }) => ({
      status: "warn",
      observed: `the token of version ${String(n)} of ${name} can be guessed: it has less than 128 random bits`,
      fix: isReplaced ? `mcp-keys rotate ${name} --finish` : `mcp-keys rotate ${name}`,
    }));
  },
};
