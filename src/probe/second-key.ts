import { isLetIn } from "./attempt.ts";
import { untestable, type Untestable } from "./check.ts";
import { keyIn, type Credentials } from "./credentials.ts";
import type { Secret } from "../core/secret.ts";
import type { Site } from "./site.ts";

/** How often a key that was just made is tried, and how long between two tries, in milliseconds. */
const TRIES = 5;
const BETWEEN = 1000;

/** Another key that the server lets in: the one that was named, or one made in its store. */
export async function takeSecondKey(site: Site): Promise<Credentials | Untestable> {
  const { secondKey, lab } = site;
  if (secondKey !== null) {
    const credentials = secondKeyOf(site, secondKey);
    return isLetIn(await site.present(credentials)) ? credentials : untestable("the second key is not let in");
  }
  if (lab === null) return untestable("there is no second key");
  const { token } = await lab.mint("second");
  const credentials = secondKeyOf(site, token);
  for (let tried = 1; ; tried++) {
    if (isLetIn(await site.presentAgain(credentials))) return credentials;
    if (tried === TRIES) return untestable("a key made in the store was not let in; does the server use that store?");
    await new Promise((resolve) => setTimeout(resolve, BETWEEN));
  }
}

function secondKeyOf({ header }: Site, key: Secret): Credentials {
  return { id: "second-key", name: "the second key", kind: "right", headers: () => keyIn(header, key.reveal()) };
}
