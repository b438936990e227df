import { isLetIn, isUnproven } from "../verify/attempt.ts";
import { breaks, holds, untestable, type Check } from "../check.ts";
import { judgeBegin } from "../target/canaries.ts";
import { describe } from "../judge/judge-refused.ts";
import { askAnew, LIFE_COST, waitUntil } from "../target/wait.ts";

export const acceptsBothVersions: Check = {
  id: "accepts-both-versions",
  group: "lifecycle",
  about: "manners",
  level: "should",
  expects: "after a rotation the new token is let in, and the old one too until the overlap ends",
  source: new URL(
    "https://cheatsheetseries.owasp.org/cheatsheets/Secrets_Management_Cheat_Sheet.html#26-secrets-lifecycle",
  ),
  mend: "let a key have several versions, and look for the token among all that still work",
  needs: ["let-in", "store"],
  cost: LIFE_COST,
  async run(site) {
    const canary = await site.life.take();
    if ("untestable" in canary) return canary;
    const former = canary.presented;
    const presented = site.life.present(await canary.key.rotate());
    const sight = judgeBegin(site, await waitUntil(site, presented, "in"), "the rotation");
    if ("untestable" in sight || !sight.holds) return sight;
    const old = await askAnew(site, former);
    if (isUnproven(old)) return untestable(`the old token: ${describe(old, site)}`);
    if (!isLetIn(old)) return breaks(`the new token is let in, and the old one gets ${describe(old, site)}`);
    site.life.give({ ...canary, presented, former });
    return holds(`${sight.saw}, and the old token still is`);
  },
};
