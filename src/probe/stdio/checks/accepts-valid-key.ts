import { count } from "../../../core/count.ts";
import { isConversation } from "../../verify/attempt.ts";
import { breaks, holds, type Check } from "../../check.ts";
import { introduce } from "../../report/introduce.ts";
import { describe } from "../judge-refused.ts";
import type { StdioSite } from "../target.ts";

export const acceptsValidKey: Check<StdioSite> = {
  id: "accepts-valid-key",
  group: "key",
  about: "manners",
  level: "must",
  expects: "the program finds your key in its environment, and answers with it",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization"),
  mend: "start it by hand with the key; one that reads another variable is tested with --env-name",
  cost: { requests: 0, wrong: 0 },
  async run(site) {
    const { greeting, real, clean } = site;
    if (greeting === null) return breaks(describe(real, site));
    const [spoken] = introduce([greeting], clean).eras;
    const tools = isConversation(real.attempt) ? real.attempt.tools : undefined;
    const named = `${spoken?.era ?? ""} (${spoken?.protocolVersion ?? ""})`;
    const took = `let in after ${(real.ms / 1000).toFixed(1)} s, ${named}`;
    return holds(tools === undefined ? took : `${took}, ${count(tools, "tool")}`);
  },
};
