import type { Group } from "./check.ts";

/** What the checks of a group are about, as a heading. */
export const GROUP_TITLES: Readonly<Record<Group, string>> = {
  transport: "transport",
  key: "lets the right key in",
  door: "keeps everything else out",
  manners: "says no properly",
  session: "sessions",
  browser: "browsers",
  lifecycle: "keys that end",
  trace: "what answers give away",
};
