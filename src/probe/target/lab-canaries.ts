import { untestable, type Untestable } from "../check-result.ts";
import { wrongKey, type PresentedKey } from "../mcp/presented-key.ts";
import { isAccepted } from "../verify/attempt.ts";
import type { Canaries, Canary, DisabledCanary, WaitResult } from "./canaries.ts";
import type { Lab, LabKey } from "./lab.ts";
import type { Target } from "./target.ts";
import { waitUntil } from "./wait.ts";

/** {@link Canaries} whose keys come from a {@link Lab}. */
export class LabCanaries implements Canaries {
  readonly #target: Target;
  readonly #lab: Lab;
  /** The canary that the server accepts, unless a check has taken it. */
  #ready: Canary | null = null;
  #first: Promise<WaitResult> | null = null;
  #disabled: Promise<DisabledCanary | Untestable> | null = null;
  #tokens = 0;

  constructor(target: Target, lab: Lab) {
    this.#target = target;
    this.#lab = lab;
  }

  acceptFirst(): Promise<WaitResult> {
    this.#first ??= this.#create();
    return this.#first;
  }

  async take(): Promise<Canary | Untestable> {
    const first = await this.acceptFirst();
    if (first.seconds === null) return untestable("the server does not accept keys created in the store");
    if (this.#ready === null) await this.#create();
    const taken = this.#ready;
    this.#ready = null;
    return taken ?? untestable("the server no longer accepts keys created in the store");
  }

  giveBack(canary: Canary): void {
    this.#ready = canary;
  }

  disable(): Promise<DisabledCanary | Untestable> {
    this.#disabled ??= this.#disable();
    return this.#disabled;
  }

  async mintExpiring(lifetime: number): Promise<Canary> {
    const key = await this.#lab.mint("expiring", lifetime);
    return { key, presented: this.toPresentedKey(key.token) };
  }

  toPresentedKey(token: LabKey["token"]): PresentedKey {
    const id = `canary-${String(++this.#tokens)}`;
    return wrongKey(this.#target.header, token, { id, name: "a key created for the test" });
  }

  async #create(): Promise<WaitResult> {
    const key = await this.#lab.mint("lifecycle");
    const canary = { key, presented: this.toPresentedKey(key.token) };
    const waited = await waitUntil(this.#target, canary.presented, "accepted");
    if (waited.seconds !== null) this.#ready = canary;
    return waited;
  }

  async #disable(): Promise<DisabledCanary | Untestable> {
    const canary = await this.take();
    if ("untestable" in canary) return canary;
    await canary.key.disable();
    const waited = await waitUntil(this.#target, canary.presented, "refused");
    if (waited.seconds === null && isAccepted(waited.last)) {
      await canary.key.enable();
      this.giveBack(canary);
    }
    return { canary, waited };
  }
}
