import { count } from "../../../core/count.ts";
import { breaks, holds, untestable, type Check } from "../../check.ts";
import { nameAll } from "../../judge/judge-refused.ts";
import { bogusKey, NOTHING } from "../presented.ts";
import { NOT_LET_IN, presentEach } from "../judge-refused.ts";
import type { StdioSite } from "../target.ts";

export const hidesKeyInOutput: Check<StdioSite> = {
  id: "hides-key-in-output",
  group: "door",
  about: "door",
  level: "must",
  expects: "what the program prints holds neither a key nor 8 characters of its secret",
  source: new URL("https://modelcontextprotocol.io/specification/2025-11-25/server/utilities/logging#security"),
  mend: "name the key by its id in logs and errors, and never print the environment",
  cost: { requests: 2, wrong: 2 },
  async run(site) {
    await presentEach(site, [NOTHING, bogusKey(site)]);
    const telling = site.starts.filter(({ printed }) => printed.length > 0);
    if (telling.length > 0) {
      const streams = [...new Set(telling.flatMap(({ printed }) => printed))].sort().reverse();
      const when = nameAll(telling.map(({ presented }) => presented));
      return breaks(`a key, or a part of one, on ${streams.join(" and ")} when started with ${when}`);
    }
    return site.greeting === null ? untestable(NOT_LET_IN) : holds(`nothing in ${count(site.starts.length, "start")}`);
  },
};
