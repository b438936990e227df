import { count } from "../../core/count.ts";
import { isInconclusive } from "../verify/attempt.ts";
import type { Check } from "../check.ts";
import { fail, pass, untestable } from "../check-result.ts";
import { NOTHING, type Credentials } from "../mcp/credentials.ts";
import { tellAll } from "../messages.ts";
import { findAccepted, listNames } from "../judge/judge-refused.ts";

export const requiresKeyForEveryMessage: Check = {
  id: "requires-key-for-every-message",
  group: "rejection",
  about: "access",
  level: "must",
  expected: "nothing that a key is for is given without yours: no list and no call, in any era",
  source: new URL(
    "https://modelcontextprotocol.io/specification/2025-11-25/basic/security_best_practices#session-hijacking",
  ),
  fix: "put the guard in front of the MCP handler instead of naming the messages that need a key",
  needs: ["accepted"],
  cost: { requests: 24, wrong: 18 },
  async run(target) {
    const shut: Credentials[] = [];
    for (const one of [NOTHING, target.wrong]) if ((await findAccepted(target, [one])) === null) shut.push(one);
    if (shut.length === 0) return untestable("the request that matters is answered to anybody already");
    const told = (await Promise.all(shut.map((credentials) => tellAll(target, credentials)))).flat();
    const open = told.filter(({ opened }) => opened);
    if (open.length > 0) return fail(`answered: ${listNames(open)}`);
    const inconclusive = told.find(({ attempt }) => isInconclusive(attempt));
    if (inconclusive !== undefined) return untestable(`no clear answer to ${inconclusive.name}`);
    if (told.length === 0) return untestable("nothing but the request that matters can be asked outside a session");
    return pass(`${count(told.length, "more message")} refused to ${listNames(shut)}`);
  },
};
