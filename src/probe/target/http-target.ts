import type { Secret } from "../../core/secret.ts";
import { KeysError } from "../../errors.ts";
import type { HttpRequest } from "../../http/http.ts";
import type { Greeting } from "../mcp/conversation.ts";
import type { KeyHeader } from "../mcp/key-header.ts";
import { bogusKey, NOTHING, validKey, type PresentedKey } from "../mcp/presented-key.ts";
import { textAt } from "../mcp/json.ts";
import type { PlannedRequest } from "../mcp/planned-request.ts";
import type { RateLimiter } from "../mcp/rate-limiter.ts";
import type { Redact } from "../../core/redact.ts";
import { isLoopback } from "../mcp/server-url.ts";
import { Wire, type WireOptions } from "../mcp/wire.ts";
import type { ClientInfo } from "../mcp/rpc-message.ts";
import type { Variation } from "../mcp/variation.ts";
import type { RandomText } from "../random-text.ts";
import { isAccepted, isServerFault, type Attempt } from "../verify/attempt.ts";
import { attemptBriefly, attemptConversation, takeSurvey, type Survey } from "../verify/survey.ts";
import type { Canaries } from "./canaries.ts";
import type { Lab } from "./lab.ts";
import { LabCanaries } from "./lab-canaries.ts";
import { describeLockout, LockoutWatch } from "./lockout-watch.ts";
import { askInAnonymousSession, openSession } from "./session.ts";
import type { AskOptions, ExchangeResult, OpenSession, RecordedAnswer, Target, TargetSettings } from "./target.ts";

export interface HttpTargetOptions extends TargetSettings {
  readonly limiter: RateLimiter;
  readonly clientVersion: string;
}

/** The server under test over HTTP. Every request goes through the rate limiter. */
export class HttpTarget implements Target {
  readonly url: URL;
  readonly header: KeyHeader;
  readonly key: Secret;
  readonly bogus: Secret;
  readonly secondKey: Secret | null;
  readonly tool: string | null;
  readonly lab: Lab | null;
  readonly redact: Redact;
  readonly random: RandomText;
  readonly now: () => number;
  readonly epoch: () => number;
  readonly timeoutMs: number;
  readonly patienceMs: number;
  readonly signal: AbortSignal | undefined;
  readonly loopback: boolean;
  readonly clientInfo: ClientInfo;
  readonly recorded: readonly RecordedAnswer[];
  readonly valid: PresentedKey;
  readonly wrong: PresentedKey;
  /** Watches whether the server still accepts the valid key. */
  readonly watch: LockoutWatch;
  readonly #options: HttpTargetOptions;
  readonly #recorded: RecordedAnswer[] = [];
  readonly #attempts = new Map<string, Promise<Attempt>>();
  readonly #exchanges = new Map<string, Promise<ExchangeResult>>();
  #survey: Survey | null = null;
  #canaries: Canaries | null = null;
  #stillAccepted: Promise<Attempt> | null = null;
  #anonymousSession: Promise<OpenSession | null> | null = null;

  constructor(options: HttpTargetOptions) {
    this.#options = options;
    this.recorded = this.#recorded;
    ({ url: this.url, header: this.header, key: this.key, bogus: this.bogus, secondKey: this.secondKey } = options);
    ({ tool: this.tool, lab: this.lab, redact: this.redact, random: this.random, now: this.now } = options);
    ({ epoch: this.epoch, timeoutMs: this.timeoutMs, patienceMs: this.patienceMs, signal: this.signal } = options);
    this.clientInfo = { name: "mcp-keys", version: options.clientVersion };
    this.loopback = isLoopback(this.url);
    this.watch = new LockoutWatch({
      present: () => this.#presentAhead(),
      wrong: () => options.limiter.sent.wrong,
      onLockout: (lockout) => {
        options.limiter.stop({ reason: describeLockout(lockout, this), rate: null, blocked: true });
      },
    });
    this.valid = validKey(this.header, this.key);
    this.wrong = bogusKey(this.header, this.bogus);
  }

  get canaries(): Canaries {
    if (this.lab === null) throw new KeysError("BUG", "there is no store to create keys in");
    return (this.#canaries ??= new LabCanaries(this, this.lab));
  }

  get limitsRate(): boolean {
    return this.#options.limiter.hasLimited();
  }

  get survey(): Survey {
    if (this.#survey === null) throw new KeysError("BUG", "the survey was not taken");
    return this.#survey;
  }

  get greeting(): Greeting {
    const [greeting] = this.survey.greetings;
    if (greeting === undefined) throw new KeysError("BUG", "the server did not accept the key, so its era is unknown");
    return greeting;
  }

  /** Presents the valid key in each era. Call this before the first check runs. */
  async takeSurvey(): Promise<Survey> {
    this.#survey ??= await takeSurvey((presented) => this.wire(presented), this.valid);
    if (this.#survey.greetings.length > 0) this.#options.limiter.beforeWrong = () => this.watch.beforeWrong();
    return this.#survey;
  }

  wire(presented: PresentedKey, variation?: Variation): Wire {
    const { limiter } = this.#options;
    return this.#wireThrough(
      presented.kind === "valid" ? limiter.valid : this.watch.observe(limiter.wrong),
      presented,
      variation,
    );
  }

  #wireThrough(request: HttpRequest, presented: PresentedKey, variation?: Variation): Wire {
    const { url, now, epoch, timeoutMs, clientVersion, signal, limiter } = this.#options;
    const onAnswer: WireOptions["onAnswer"] = (answer, _, sent) => {
      this.#recorded.push({ presented, answer, at: epoch(), sent });
    };
    const sentAt: WireOptions["sentAt"] = (response) => limiter.sentAt(response);
    const run = { now, timeoutMs, clientVersion, signal, onAnswer, sentAt };
    return new Wire({ url, request, presented, variation, earlier: this.valid, ...run });
  }

  present(presented: PresentedKey, greeting: Greeting | undefined = this.survey.greetings[0]): Promise<Attempt> {
    const cacheKey = `${presented.id} ${greeting === undefined ? "any" : cacheKeyOf(greeting)}`;
    return once(this.#attempts, cacheKey, () => this.presentAgain(presented, greeting));
  }

  presentAgain(presented: PresentedKey, greeting: Greeting | undefined = this.survey.greetings[0]): Promise<Attempt> {
    const present = (): Promise<Attempt> => attemptConversation(this.wire(presented), greeting);
    return presented.kind === "valid" ? this.watch.watching(present) : present();
  }

  ask(presented: PresentedKey, { greeting = this.greeting, variation }: AskOptions = {}): Promise<Attempt> {
    const handshakeFree = this.survey.handshakeFree.includes(greeting.era);
    const whole = `${presented.id} ${cacheKeyOf(greeting)}`;
    if (variation === undefined && this.#attempts.has(whole)) return this.present(presented, greeting);
    const cacheKey = `${whole} briefly ${variation?.name ?? ""}`;
    return once(this.#attempts, cacheKey, async () => {
      const refused = variation === undefined ? await askInAnonymousSession(this, presented, greeting) : null;
      const briefly = () => attemptBriefly(this.wire(presented, variation), greeting, handshakeFree);
      return refused ?? (presented.kind === "valid" ? this.watch.watching(briefly) : briefly());
    });
  }

  exchange(planned: PlannedRequest, presented: PresentedKey = NOTHING): Promise<ExchangeResult> {
    return once(this.#exchanges, `${presented.id} ${planned.cacheKey}`, () =>
      attemptExchange(this.wire(presented), planned),
    );
  }

  /** Presents the valid key before all requests that wait. */
  #presentAhead(): Promise<Attempt> {
    const { greeting, survey } = this;
    const wire = this.#wireThrough(this.#options.limiter.control, this.valid);
    return attemptBriefly(wire, greeting, survey.handshakeFree.includes(greeting.era));
  }

  openAnonymousSession(): Promise<OpenSession | null> {
    this.#anonymousSession ??= openSession(this, NOTHING).catch((error: unknown) => {
      if (isServerFault(error)) return null;
      throw error;
    });
    return this.#anonymousSession;
  }

  async isStillAccepted(): Promise<boolean> {
    this.#stillAccepted ??= this.presentAgain(this.valid);
    return isAccepted(await this.#stillAccepted);
  }

  /** Ends the session that stayed open during the run. */
  async close(): Promise<void> {
    await (await this.#anonymousSession)?.end();
  }
}

function cacheKeyOf({ era, judged, params = {} }: Greeting): string {
  return `${era} ${judged} ${textAt(params, "name") ?? ""}`;
}

async function attemptExchange(wire: Wire, planned: PlannedRequest): Promise<ExchangeResult> {
  try {
    return await wire.exchange(planned);
  } catch (error) {
    if (isServerFault(error)) return error;
    throw error;
  }
}

function once<T>(results: Map<string, Promise<T>>, cacheKey: string, start: () => Promise<T>): Promise<T> {
  const found = results.get(cacheKey) ?? start();
  results.set(cacheKey, found);
  return found;
}
