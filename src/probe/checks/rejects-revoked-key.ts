import { isLetIn } from "../verify/attempt.ts";
import { breaks, type Check } from "../check.ts";
import { judgeEnd } from "../target/canaries.ts";
import { askAnew, LIFE_COST, waitUntil } from "../target/wait.ts";

export const rejectsRevokedKey: Check = {
  id: "rejects-revoked-key",
  group: "lifecycle",
  about: "door",
  level: "must",
  expects: "a key that was revoked is not let in any more, with none of its tokens",
  source: new URL("https://www.rfc-editor.org/rfc/rfc7009#section-2"),
  mend: "judge the key at every request by what the store says of it now, and cache no verdict for longer than seconds",
  needs: ["let-in", "store"],
  cost: LIFE_COST,
  async run(site) {
    const canary = await site.life.take();
    if ("untestable" in canary) return canary;
    const { key, presented, former } = canary;
    await key.revoke();
    const sight = await judgeEnd(site, await waitUntil(site, presented, "out"), "it was revoked");
    const refused = "holds" in sight && sight.holds;
    if (!refused || former === undefined || !isLetIn(await askAnew(site, former))) return sight;
    return breaks("the token before a rotation is still let in after the key was revoked");
  },
};
