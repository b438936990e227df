import { untestable, type Untestable } from "../check-result.ts";
import { wrongKey, type PresentedKey } from "../mcp/presented-key.ts";
import { isAccepted } from "../verify/attempt.ts";
import type { Figures } from "../report/figures.ts";
import type { Canaries, Canary, DisabledCanary, RevokedCanary, WaitResult } from "./canaries.ts";
import type { Lab, LabKey } from "./lab.ts";
import { openStream } from "./open-stream.ts";
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
  #revoked: Promise<RevokedCanary | Untestable> | null = null;
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

  revoke(): Promise<RevokedCanary | Untestable> {
    this.#revoked ??= this.#revoke();
    return this.#revoked;
  }

  async figures(): Promise<Figures> {
    const revoked = await this.#revoked;
    if (revoked === null || "untestable" in revoked) return {};
    const { waited, streamSeconds } = revoked;
    return {
      ...(waited.seconds !== null || isAccepted(waited.last) ? { revokedKeySeconds: waited.seconds } : {}),
      ...(streamSeconds === undefined ? {} : { revokedStreamSeconds: streamSeconds }),
    };
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

  async #revoke(): Promise<RevokedCanary | Untestable> {
    const canary = await this.take();
    if ("untestable" in canary) return canary;
    const { now, patienceMs } = this.#target;
    const stream = await openStream(this.#target, canary.presented);
    try {
      await canary.key.revoke();
      const started = now();
      const waited = await waitUntil(this.#target, canary.presented, "refused");
      if (stream === null) return { canary, waited };
      const endedAt = await stream.endsWithin(Math.max(0, started + patienceMs - now()));
      return { canary, waited, streamSeconds: endedAt === null ? null : toSeconds(endedAt - started) };
    } finally {
      await stream?.close();
    }
  }
}

/** Converts milliseconds to seconds, rounded up to tenths. */
function toSeconds(ms: number): number {
  return Math.ceil(Math.max(0, ms) / 100) / 10;
}
