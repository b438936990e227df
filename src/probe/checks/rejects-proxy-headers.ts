import type { Check } from "../check.ts";
import { addCosts, untestable } from "../check-result.ts";
import { findAccepted } from "../judge/judge-refused.ts";
import { sendAll } from "../judge/send-variations.ts";
import { sweep, SWEEP_COST } from "../judge/sweep.ts";
import { costOfVariations, judgeVariations } from "../judge/try-variations.ts";
import { NOTHING } from "../mcp/presented-key.ts";
import { FIRST_CLAIMS } from "../variations/proxy-headers.ts";

const OWN_COST = costOfVariations(FIRST_CLAIMS);

export const rejectsProxyHeaders: Check = {
  id: "rejects-proxy-headers",
  group: "rejection",
  about: "access",
  level: "must",
  expected: "rejects requests without a key, even if they have proxy headers",
  source: new URL("https://cwe.mitre.org/data/definitions/290.html"),
  fix: "decide by the key alone: clients can set any address, user, host or path in a header, and any header of your own network",
  needs: ["accepted"],
  cost: addCosts([OWN_COST, SWEEP_COST]),
  shared: SWEEP_COST,
  async run(target) {
    if ((await findAccepted(target, [NOTHING])) !== null) return untestable("already accepted with no key");
    const swept = await sweep(target, "network");
    const bogusToo = (await findAccepted(target, [target.wrong])) === null;
    const bogus = bogusToo ? await sendAll(target, target.wrong, [FIRST_CLAIMS]) : [];
    return judgeVariations(target, [...swept, ...bogus], "proxy headers");
  },
};
