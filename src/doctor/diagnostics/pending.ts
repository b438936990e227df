import { formatTime } from "../../core/duration.ts";
import { isUsable } from "../../core/judge.ts";
import { RUN_LIMIT } from "../../core/rotate.ts";
import { orNull } from "../context.ts";
import type { Diagnostic, Observation } from "../diagnostic.ts";

export const pending: Diagnostic = {
  about: "unfinished rotations",
  exit: 6,
  async run(context) {
    const { now } = context;
    const keys = (await orNull(context.storedKeys))?.keys ?? [];
    if (keys.length === 0) return [];
    const found = keys.flatMap(({ name, enabled, versions }) =>
      versions
        .filter((version) => enabled && version.state === "pending" && isUsable(version, now))
        .map(({ n, createdAt }): Observation => {
          const observed = `version ${String(n)} of ${name} has been pending since ${formatTime(createdAt)}`;
          if (now - createdAt < RUN_LIMIT)
            return { status: "info", observed: `${observed}; a rotation may be in progress` };
          const others = versions.some((version) => version.n !== n && isUsable(version, now));
          const abort = others ? `, or discard it with: mcp-keys rotate ${name} --abort` : "";
          return {
            status: "warn",
            observed: `${observed}; its token works, but may not have been delivered`,
            fix: `finish it with the same flags as before: mcp-keys rotate ${name}${abort}`,
          };
        }),
    );
    return found.length > 0 ? found : [{ status: "pass", observed: "no version is pending" }];
  },
};
