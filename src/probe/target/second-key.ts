import { untestable, type Untestable } from "../check-result.ts";
import { keyHeaders, type PresentedKey } from "../mcp/presented-key.ts";
import { isAccepted } from "../verify/attempt.ts";
import type { Target } from "./target.ts";

/** Returns another key that the server accepts: the second key of the run, or one created in the store. */
export async function takeSecondKey(target: Target): Promise<PresentedKey | Untestable> {
  const { secondKey, header } = target;
  if (secondKey === null) {
    const canary = await target.canaries.take();
    if ("untestable" in canary) return canary;
    // This check does not change the canary, so the next one may use it.
    target.canaries.giveBack(canary);
    return canary.presented;
  }
  const named = { id: "second-key", name: "the second key", kind: "valid" } as const;
  const presented = { ...named, headers: () => keyHeaders(header, secondKey.reveal()) };
  return isAccepted(await target.present(presented))
    ? presented
    : untestable("the server does not accept the second key");
}
