import { breaks, untestable, type Check } from "../check.ts";
import { judgeBegin } from "../target/canaries.ts";
import { WAIT_COST } from "../target/wait.ts";

export const acceptsNewKey: Check = {
  id: "accepts-new-key",
  group: "lifecycle",
  about: "manners",
  level: "should",
  expects: "a key that is made in the store is let in without a restart of the server",
  source: new URL(
    "https://cheatsheetseries.owasp.org/cheatsheets/Secrets_Management_Cheat_Sheet.html#26-secrets-lifecycle",
  ),
  mend: "let the server follow its store, as createVerifier does, and not read it once at its start",
  needs: ["let-in", "store"],
  cost: WAIT_COST,
  async run(site) {
    const sight = judgeBegin(site, await site.life.begin(), "it was made");
    if ("untestable" in sight || sight.holds) return sight;
    return (await site.lab?.knows(site.key)) === true
      ? breaks(`${sight.saw}, though your key is in that store`)
      : untestable(`${sight.saw}, and your key is not in that store: does the server use it?`);
  },
};
