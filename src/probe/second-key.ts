import { isAccepted } from "./verify/attempt.ts";
import { untestable, type Untestable } from "./check-result.ts";
import { keyHeaders, type Credentials } from "./mcp/credentials.ts";
import type { Target } from "./target/target.ts";

/** Another key that the server lets in: the one that was named, or one made in its store. */
export async function takeSecondKey(target: Target): Promise<Credentials | Untestable> {
  const { secondKey, header } = target;
  if (secondKey === null) {
    const canary = await target.canaries.take();
    if ("untestable" in canary) return canary;
    // It stays as it is, so the next check may have it as well.
    target.canaries.giveBack(canary);
    return canary.presented;
  }
  const named = { id: "second-key", name: "the second key", kind: "right" } as const;
  const credentials = { ...named, headers: () => keyHeaders(header, secondKey.reveal()) };
  return isAccepted(await target.present(credentials)) ? credentials : untestable("the second key is not let in");
}
