import { untestable, type Check } from "../check.ts";
import { judgeEnd } from "../target/canaries.ts";
import { sleep } from "../mcp/sleep.ts";
import { LIFE_COST, waitUntil } from "../target/wait.ts";

export const rejectsExpiredKey: Check = {
  id: "rejects-expired-key",
  group: "lifecycle",
  about: "door",
  level: "must",
  expects: "a key is not let in after its expiry",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-handling"),
  mend: "compare the expiry of the key with the clock at every request, and keep the clock of the server right",
  needs: ["let-in", "store"],
  cost: LIFE_COST,
  async run(site) {
    const { seconds } = await site.life.begin();
    if (seconds === null) return untestable("no key that was made in the store is let in");
    // Long enough for the server to take notice of it twice over.
    const { key, presented } = await site.life.mintShort(1 + Math.ceil(2 * seconds));
    if ((await waitUntil(site, presented, "in")).seconds === null) {
      return untestable("a key with a short life was not let in before it expired");
    }
    // The clock shows whole seconds, and may stand still.
    const latest = site.now() + (key.expiresAt - site.epoch()) * 1000;
    while (site.epoch() < key.expiresAt && site.now() < latest && site.signal?.aborted !== true) {
      await sleep(50, site.signal);
    }
    return judgeEnd(site, await waitUntil(site, presented, "out"), "its expiry");
  },
};
