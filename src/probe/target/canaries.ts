import { isConversation, isAccepted, isInconclusive } from "../verify/attempt.ts";
import { fail, pass, untestable, type CheckResult, type Untestable } from "../check.ts";
import { wrongKey, type Credentials } from "../mcp/credentials.ts";
import { isRefusal } from "../mcp/answer-kind.ts";
import type { Lab, LabKey } from "./lab.ts";
import { describe } from "../judge/judge-refused.ts";
import type { Target } from "./target.ts";
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
export class Canaries {
  readonly #target: Target;
  readonly #lab: Lab;
  /** The one that is let in, and that no check has in hand. */
  #ready: Canary | null = null;
  #first: Promise<Waited> | null = null;
  #disabled: Promise<Disabled | Untestable> | null = null;
  #tokens = 0;

  constructor(target: Target, lab: Lab) {
    this.#target = target;
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
    return wrongKey(this.#target.header, token, { id, name: "a key made for the test" });
  }

  async #make(): Promise<Waited> {
    const key = await this.#lab.mint("life");
    const canary = { key, presented: this.present(key.token) };
    const waited = await waitUntil(this.#target, canary.presented, "in");
    if (waited.seconds !== null) this.#ready = canary;
    return waited;
  }

  async #disable(): Promise<Disabled | Untestable> {
    const canary = await this.take();
    if ("untestable" in canary) return canary;
    await canary.key.disable();
    const waited = await waitUntil(this.#target, canary.presented, "out");
    if (waited.seconds === null && isAccepted(waited.last)) {
      await canary.key.enable();
      this.give(canary);
    }
    return { canary, waited };
  }
}

/** Whether a key was let in, in time after something was done. */
export function judgeBegin(target: Target, { seconds, last }: Waited, after: string): CheckResult {
  if (seconds !== null) return pass(`let in within ${seconds.toFixed(1)} s after ${after}`);
  const observed = isAccepted(last) ? "let in at times" : describe(last, target);
  const result = `${observed} for ${String(target.patienceMs / 1000)} s after ${after}`;
  return isInconclusive(last) ? untestable(result) : fail(result);
}

/** Whether a key was refused, in time after it ended. */
export async function judgeEnd(target: Target, { seconds, last }: Waited, after: string): Promise<CheckResult> {
  if (seconds === null) {
    const result = `${String(target.patienceMs / 1000)} s after ${after}`;
    return isAccepted(last) ? fail(`still let in ${result}`) : untestable(`${describe(last, target)} ${result}`);
  }
  const refused = isConversation(last) && isRefusal(last.answer);
  if (!refused && !isAccepted(await target.presentAgain(target.right))) {
    return untestable("your key is not let in any more either, so that a refusal proves nothing");
  }
  return pass(`${describe(last, target)} within ${seconds.toFixed(1)} s after ${after}`);
}
