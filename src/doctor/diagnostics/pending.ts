import { formatTime } from "../../core/duration.ts";
import { isUsable } from "../../core/version.ts";
import type { Examination, Saw } from "../finding.ts";
import { orNull } from "../subject.ts";

/** Seconds after which no rotation is on its way any more, however patient its `--verify`. */
const UNDER_WAY = 3_600;

export const pending: Examination = {
  about: "rotations that did not come to their end",
  exit: 6,
  async examine(patient) {
    const { now } = patient;
    const keys = (await orNull(patient.holdings))?.keys ?? [];
    if (keys.length === 0) return [];
    const found = keys.flatMap(({ name, enabled, versions }) =>
      versions
        .filter((version) => enabled && version.state === "pending" && isUsable(version, now))
        .map(({ n, createdAt }): Saw => {
          const saw = `version ${String(n)} of ${name} is pending since ${formatTime(createdAt)}`;
          if (now - createdAt < UNDER_WAY) return { status: "info", saw: `${saw}: a rotation may be on its way` };
          const others = versions.some((version) => version.n !== n && isUsable(version, now));
          const mend = `complete it with: mcp-keys rotate ${name}${others ? `; or give it up with: mcp-keys rotate ${name} --abort` : ""}`;
          return { status: "warn", saw: `${saw}: its token works, and perhaps nobody has it`, mend };
        }),
    );
    return found.length > 0 ? found : [{ status: "pass", saw: "no version is pending" }];
  },
};
