import { isLetIn } from "../../verify/attempt.ts";
import { breaks, holds, untestable, type Check } from "../../check.ts";
import { bogusKey, NOTHING } from "../presented.ts";
import { describe, NOT_LET_IN, presentEach } from "../judge-refused.ts";
import type { StdioSite } from "../target.ts";
import { isSilent } from "../start.ts";

export const reportsRefusal: Check<StdioSite> = {
  id: "reports-refusal",
  group: "manners",
  about: "manners",
  level: "must",
  expects: "who is not let in gets an error, or sees the program end with a status other than 0",
  source: new URL("https://www.jsonrpc.org/specification#response_object"),
  mend: "answer initialize with an error that names the variable, and exit with a status other than 0",
  cost: { requests: 2, wrong: 2 },
  async run(site) {
    const refused = (await presentEach(site, [NOTHING, bogusKey(site)])).filter(({ attempt }) => !isLetIn(attempt));
    if (refused.length === 0) return untestable("everybody is let in");
    if (site.greeting === null) return untestable(NOT_LET_IN);
    const rude = refused.find((start) => isSilent(start) || start.exit?.code === 0);
    const shown = rude ?? refused[0];
    const saw = shown === undefined ? "" : `${describe(shown, site)} to ${shown.presented.name}`;
    return rude === undefined ? holds(saw) : breaks(saw);
  },
};
