import { isConversation, isLetIn, isUnproven } from "../verify/attempt.ts";
import { breaks, holds, untestable, type Sight, type Untestable } from "../check.ts";
import { wrongKey, type Credentials } from "../mcp/credentials.ts";
import { isRefusal } from "../mcp/answer-kind.ts";
import type { Lab, LabKey } from "./lab.ts";
import { describe } from "../judge/judge-refused.ts";
import type { Site } from "./target.ts";
import { waitUntil, type Waited } from "./wait.ts";

/** A key of the lab, and what presents its newest token. */
export interface Canary {
  readonly key: LabKey;
  readonly presented: Credentials;
  /** What presents the token before, which works beside it. */
  readonly former?: Credentials;
}

/** What became of a canary that was disabled. */
export interface Disabled {
  readonly canary: Canary;
  readonly waited: Waited;
}

/**
 * The canaries of a run: as few as can be, since what is revoked stays in a store for ever. A check takes the one that is let
 * in, and gives it back when it still is.
 */
export class Life {
  readonly #site: Site;
  readonly #lab: Lab;
  /** The one that is let in, and that no check has in hand. */
  #ready: Canary | null = null;
  #first: Promise<Waited> | null = null;
  #disabled: Promise<Disabled | Untestable> | null = null;
  #tokens = 0;

  constructor(site: Site, lab: Lab) {
    this.#site = site;
    this.#lab = lab;
  }

  /** What became of the first canary of all: how long the server takes to let a new key in. */
  begin(): Promise<Waited> {
    this.#first ??= this.#make();
    return this.#first;
  }

  /** A canary that is let in. Where the first was not, none will be. */
  async take(): Promise<Canary | Untestable> {
    const first = await this.begin();
    if (first.seconds === null) return untestable("no key that was made in the store is let in");
    if (this.#ready === null) await this.#make();
    const taken = this.#ready;
    this.#ready = null;
    return taken ?? untestable("a key that was made in the store is not let in any more");
  }

  /** To be told of one that is still let in. */
  give(canary: Canary): void {
    this.#ready = canary;
  }

  /** Disables a canary and waits until it is refused; once in a run. */
  disable(): Promise<Disabled | Untestable> {
    this.#disabled ??= this.#disable();
    return this.#disabled;
  }

  /** A canary that works for so many seconds, and its expiry; not to be given back. */
  async mintShort(lifetime: number): Promise<Canary> {
    const key = await this.#lab.mint("expiring", lifetime);
    return { key, presented: this.present(key.token) };
  }

  present(token: LabKey["token"]): Credentials {
    const id = `canary-${String(++this.#tokens)}`;
    return wrongKey(this.#site.header, token, { id, name: "a key made for the test" });
  }

  async #make(): Promise<Waited> {
    const key = await this.#lab.mint("life");
    const canary = { key, presented: this.present(key.token) };
    const waited = await waitUntil(this.#site, canary.presented, "in");
    if (waited.seconds !== null) this.#ready = canary;
    return waited;
  }

  async #disable(): Promise<Disabled | Untestable> {
    const canary = await this.take();
    if ("untestable" in canary) return canary;
    await canary.key.disable();
    const waited = await waitUntil(this.#site, canary.presented, "out");
    if (waited.seconds === null && isLetIn(waited.last)) {
      await canary.key.enable();
      this.give(canary);
    }
    return { canary, waited };
  }
}

/** Whether a key was let in, in time after something was done. */
export function judgeBegin(site: Site, { seconds, last }: Waited, after: string): Sight {
  if (seconds !== null) return holds(`let in within ${seconds.toFixed(1)} s after ${after}`);
  const saw = isLetIn(last) ? "let in at times" : describe(last, site);
  const sight = `${saw} for ${String(site.patienceMs / 1000)} s after ${after}`;
  return isUnproven(last) ? untestable(sight) : breaks(sight);
}

/** Whether a key was refused, in time after it ended. */
export async function judgeEnd(site: Site, { seconds, last }: Waited, after: string): Promise<Sight> {
  if (seconds === null) {
    const sight = `${String(site.patienceMs / 1000)} s after ${after}`;
    return isLetIn(last) ? breaks(`still let in ${sight}`) : untestable(`${describe(last, site)} ${sight}`);
  }
  const refused = isConversation(last) && isRefusal(last.answer);
  if (!refused && !isLetIn(await site.presentAgain(site.right))) {
    return untestable("your key is not let in any more either, so that a refusal proves nothing");
  }
  return holds(`${describe(last, site)} within ${seconds.toFixed(1)} s after ${after}`);
}
