import { causeOf } from "../judge/cause.ts";
import { breaks, holds, untestable, type Check } from "../check.ts";
import { NOTHING } from "../mcp/credentials.ts";
import { refusedBeginning } from "../judge/judge-refusal.ts";

/** More than a message of MCP needs; a server that limits bodies refuses it unread. */
const BYTES = 8 * 1024 * 1024;

export const rejectsBeforeReading: Check = {
  id: "rejects-before-reading",
  group: "manners",
  about: "manners",
  level: "should",
  expects: "a large body without a key is refused before it was sent",
  source: new URL("https://cwe.mitre.org/data/definitions/408.html"),
  mend: "put the guard in front of whatever reads the body, and limit what that reads",
  needs: ["let-in"],
  cost: { requests: 3, wrong: 3 },
  async run(site) {
    const refused = await refusedBeginning(site);
    if ("untestable" in refused) return refused;
    const { errand, answer } = refused;
    // Some times what a refusal takes here; a second at least, since a server may be busy.
    const timeoutMs = 1000 + 4 * answer.ms;
    const body = errand.body?.slice(0, 16);
    const large = {
      ...errand,
      ...{ body, timeoutMs },
      announce: BYTES,
      id: undefined,
      mark: `${errand.mark} of 8 MiB`,
    };
    const seen = await site.exchange(large, NOTHING);
    if ("status" in seen) return holds(`${String(seen.status)} before the body had come`);
    if (causeOf(seen) !== "TIMED_OUT") return untestable(site.clean(seen.message));
    const short = await site.exchange({ ...errand, timeoutMs, mark: `${errand.mark} once more` }, NOTHING);
    if (!("status" in short)) return untestable("no answer in time to a short body either");
    return breaks(`no answer while 8 MiB were still to come, ${String(answer.status)} to a short body`);
  },
};
