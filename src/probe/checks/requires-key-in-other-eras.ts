import type { Check } from "../check.ts";
import { fail, pass, untestable } from "../check-result.ts";
import { findAccepted, listNames, noteTrials, type Trial } from "../judge/judge-refused.ts";
import { ERAS, nameEra, type Era } from "../mcp/conversation.ts";
import { OTHER_ERA_MS, speakIn } from "../mcp/negotiate.ts";
import { NOTHING } from "../mcp/presented-key.ts";
import type { Target } from "../target/target.ts";
import { attempt, isAccepted } from "../verify/attempt.ts";

export const requiresKeyInOtherEras: Check = {
  id: "requires-key-in-other-eras",
  group: "rejection",
  about: "access",
  level: "must",
  expected: "requires a key in the protocol eras in which it does not accept yours",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/versioning"),
  fix: "put one guard in front of all handlers, whatever version of MCP they speak",
  needs: ["accepted"],
  cost: { requests: 10, wrong: 10 },
  async run(target) {
    if ((await findAccepted(target, [NOTHING])) !== null) return untestable("already accepted with no key");
    const trials = await Promise.all(otherEras(target).map((era) => presentNothingIn(era, target)));
    const tried = noteTrials(target, trials);
    const open = trials.filter((trial) => isAccepted(trial.attempt)).map(({ presented }) => presented);
    if (open.length > 0) return fail(`accepted with ${listNames(open)}`, { tried });
    return pass(trials.length > 0 ? "no other era answers without a key" : "accepts your key in every era", { tried });
  },
};

/** Returns the eras that other checks do not ask in. Nothing is expected of one that was silent with the valid key. */
function otherEras({ survey }: Target): Era[] {
  const asked = [...survey.greetings.map(({ era }) => era), ...survey.silent];
  return ERAS.filter((era) => !asked.includes(era));
}

async function presentNothingIn(era: Era, target: Target): Promise<Trial> {
  const presented = { ...NOTHING, id: `nothing in ${era}`, name: `no key in ${nameEra(era)}` };
  return { presented, attempt: await attempt(() => speakIn(era, target.wire(presented).within(OTHER_ERA_MS))) };
}
