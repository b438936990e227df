import type { Group } from "./check.ts";

/** What the checks of a group are about, as a heading. */
export const GROUP_TITLES: Readonly<Record<Group, string>> = {
  transport: "transport",
  acceptance: "lets the right key in",
  rejection: "keeps everything else out",
  responses: "says no properly",
  session: "sessions",
  browser: "browsers",
  lifecycle: "keys that end",
  leaks: "what answers give away",
};
