import { formatTime } from "../../core/duration.ts";
import { isUsable } from "../../core/version.ts";
import type { Diagnostic, Observation } from "../finding.ts";
import { orNull } from "../context.ts";

/** Seconds after which no rotation is on its way any more, however patient its `--verify`. */
const UNDER_WAY = 3_600;

export const pending: Diagnostic = {
  about: "rotations that did not come to their end",
  exit: 6,
  async run(context) {
    const { now } = context;
    const keys = (await orNull(context.storedKeys))?.keys ?? [];
    if (keys.length === 0) return [];
    const found = keys.flatMap(({ name, enabled, versions }) =>
      versions
        .filter((version) => enabled && version.state === "pending" && isUsable(version, now))
        .map(({ n, createdAt }): Observation => {
          const observed = `version ${String(n)} of ${name} is pending since ${formatTime(createdAt)}`;
          if (now - createdAt < UNDER_WAY)
            return { status: "info", observed: `${observed}: a rotation may be on its way` };
          const others = versions.some((version) => version.n !== n && isUsable(version, now));
          const fix = `complete it with: mcp-keys rotate ${name}${others ? `; or give it up with: mcp-keys rotate ${name} --abort` : ""}`;
          return { status: "warn", observed: `${observed}: its token works, and perhaps nobody has it`, fix };
        }),
    );
    return found.length > 0 ? found : [{ status: "pass", observed: "no version is pending" }];
  },
};
