import { isLetIn } from "./verify/attempt.ts";
import { untestable, type Untestable } from "./check.ts";
import { keyIn, type Credentials } from "./mcp/credentials.ts";
import type { Site } from "./target/target.ts";

/** Another key that the server lets in: the one that was named, or one made in its store. */
export async function takeSecondKey(site: Site): Promise<Credentials | Untestable> {
  const { secondKey, header } = site;
  if (secondKey === null) {
    const canary = await site.life.take();
    if ("untestable" in canary) return canary;
    // It stays as it is, so the next check may have it as well.
    site.life.give(canary);
    return canary.presented;
  }
  const named = { id: "second-key", name: "the second key", kind: "right" } as const;
  const credentials = { ...named, headers: () => keyIn(header, secondKey.reveal()) };
  return isLetIn(await site.present(credentials)) ? credentials : untestable("the second key is not let in");
}
