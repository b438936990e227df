import type { Check } from "../check.ts";
import { addCosts, fail, pass, untestable } from "../check-result.ts";
import { STREAM_COST } from "../target/open-stream.ts";
import { LIFECYCLE_COST } from "../target/wait.ts";

export const endsStreamsOfRevokedKey: Check = {
  id: "ends-streams-of-revoked-key",
  group: "lifecycle",
  about: "conformance",
  level: "should",
  expected: "ends the open event streams of a revoked key",
  source: new URL(
    "https://cheatsheetseries.owasp.org/cheatsheets/WebSocket_Security_Cheat_Sheet.html#session-management",
  ),
  fix: "keep a list of the open responses of each key, and end them when it is revoked, as guardNode and guardFetch do",
  needs: ["accepted", "store"],
  cost: addCosts([LIFECYCLE_COST, STREAM_COST]),
  async run(target) {
    const revoked = await target.canaries.revoke();
    if ("untestable" in revoked) return revoked;
    const { streamSeconds } = revoked;
    if (streamSeconds === undefined) return untestable("the server keeps no event stream open");
    return streamSeconds === null
      ? fail(`a stream is still open ${String(target.patienceMs / 1000)} s after its key was revoked`)
      : pass(`a stream ended within ${streamSeconds.toFixed(1)} s after its key was revoked`);
  },
};
