import type { Secret } from "../../core/secret.ts";
import { isLoopback } from "../mcp/server-url.ts";
import { isAccepted, type Attempt } from "../verify/attempt.ts";
import type { Redact } from "../mcp/redact.ts";
import type { Greeting } from "../mcp/conversation.ts";
import { NOTHING, bogusKey, rightKey, type Credentials, type KeyHeader } from "../mcp/credentials.ts";
import type { PlannedRequest } from "../mcp/planned-request.ts";
import type { RateLimiter } from "../mcp/rate-limiter.ts";
import { textAt } from "../mcp/json.ts";
import type { Lab } from "./lab.ts";
import { Canaries } from "./canaries.ts";
import { askInAnonymousSession } from "./anonymous-session.ts";
import { openSession, type OpenSession } from "./session.ts";
import { isFaultOfServer } from "../verify/present.ts";
import { approach, approachBriefly, takeSurvey, type Survey } from "../verify/survey.ts";
import { Wire, type Answer, type Client, type Detour, type WireOptions } from "../mcp/wire.ts";
import { KeysError } from "../../errors.ts";

export interface TargetOptions {
  readonly url: URL;
  readonly header: KeyHeader;
  readonly key: Secret;
  readonly bogus: Secret;
  readonly secondKey: Secret | null;
  readonly tool: string | null;
  readonly lab: Lab | null;
  readonly limiter: RateLimiter;
  readonly redact: Redact;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
  /** Seconds since 1970. */
  readonly epoch: () => number;
  /** That many random characters of `[0-9A-Za-z]`. */
  readonly random: (length: number) => string;
  /** For each exchange. */
  readonly timeoutMs: number;
  /** Milliseconds that the server may take to follow its store. */
  readonly patienceMs: number;
  readonly clientVersion: string;
  readonly signal?: AbortSignal;
}

/** One answer of the server, and what it was an answer to. */
export interface RecordedAnswer {
  readonly credentials: Credentials;
  readonly answer: Answer;
  /** When it had been read, in seconds since 1970. */
  readonly at: number;
  /** All that was sent: address, headers, body. A function, so that nothing prints a secret. */
  readonly sent: () => string;
}

/** How something is asked, where not as usual. */
export interface Way {
  /** The era to speak, and what to ask for in it. */
  readonly greeting?: Greeting;
  readonly detour?: Detour;
}

/** What a raw exchange came to: the answer, or why there was none. */
export type Seen = Answer | KeysError;

/**
 * The server under test and the ways to ask it. What was asked once is not asked again: checks share the answers to the same
 * key, or other thing presented.
 */
export class Target {
  readonly url: URL;
  readonly header: KeyHeader;
  readonly key: Secret;
  readonly bogus: Secret;
  readonly secondKey: Secret | null;
  /** A tool that may be called without arguments. */
  readonly tool: string | null;
  /** Makes keys in the store of the server. */
  readonly lab: Lab | null;
  readonly redact: Redact;
  readonly random: (length: number) => string;
  readonly now: () => number;
  readonly epoch: () => number;
  readonly timeoutMs: number;
  /** Milliseconds that the server may take to follow its store. */
  readonly patienceMs: number;
  readonly signal: AbortSignal | undefined;
  readonly loopback: boolean;
  /** As the server is told it. */
  readonly client: Client;
  /** Every answer so far, for the checks that look at all of them. */
  readonly recorded: readonly RecordedAnswer[];
  readonly right: Credentials;
  readonly wrong: Credentials;
  readonly #options: TargetOptions;
  readonly #recorded: RecordedAnswer[] = [];
  readonly #attempts = new Map<string, Promise<Attempt>>();
  readonly #seen = new Map<string, Promise<Seen>>();
  #survey: Survey | null = null;
  #canaries: Canaries | null = null;
  #still: Promise<Attempt> | null = null;
  #anonymousSession: Promise<OpenSession | null> | null = null;

  constructor(options: TargetOptions) {
    this.#options = options;
    this.recorded = this.#recorded;
    ({ url: this.url, header: this.header, key: this.key, bogus: this.bogus, secondKey: this.secondKey } = options);
    ({ tool: this.tool, lab: this.lab, redact: this.redact, random: this.random, now: this.now } = options);
    ({ epoch: this.epoch, timeoutMs: this.timeoutMs, patienceMs: this.patienceMs, signal: this.signal } = options);
    this.client = { name: "mcp-keys", version: options.clientVersion };
    this.loopback = isLoopback(this.url);
    this.right = rightKey(this.header, this.key);
    this.wrong = bogusKey(this.header, this.bogus);
  }

  /** The canaries of the run. */
  get canaries(): Canaries {
    if (this.lab === null) throw new KeysError("BUG", "there is no store to make keys in");
    return (this.#canaries ??= new Canaries(this, this.lab));
  }

  /** What the right key found out. Taken before the first check runs. */
  get survey(): Survey {
    if (this.#survey === null) throw new KeysError("BUG", "the survey was not taken");
    return this.#survey;
  }

  /** The newest era that the server speaks to the right key; there is none where that was not let in. */
  get greeting(): Greeting {
    const [greeting] = this.survey.spoken;
    if (greeting === undefined) throw new KeysError("BUG", "the key was not let in, so no era is known");
    return greeting;
  }

  async takeSurvey(): Promise<Survey> {
    this.#survey ??= await takeSurvey((credentials) => this.wire(credentials), this.right);
    return this.#survey;
  }

  /** A way to the server of its own, for checks that lead a conversation. Nothing on it is shared. */
  wire(credentials: Credentials, detour?: Detour): Wire {
    const { url, now, epoch, timeoutMs, clientVersion, signal, limiter } = this.#options;
    const request = credentials.kind === "right" ? limiter.right : limiter.wrong;
    const onAnswer: WireOptions["onAnswer"] = (answer, _, sent) => {
      this.#recorded.push({ credentials, answer, at: epoch(), sent });
    };
    return new Wire({ url, request, credentials, detour, now, timeoutMs, clientVersion, signal, onAnswer });
  }

  /**
   * Asks for what a key is for, in a conversation from its beginning.
   * @param greeting - The era to speak; the newest the server speaks when left out.
   */
  present(credentials: Credentials, greeting: Greeting | undefined = this.survey.spoken[0]): Promise<Attempt> {
    const cacheKey = `${credentials.id} ${greeting === undefined ? "any" : cacheKeyOf(greeting)}`;
    return once(this.#attempts, cacheKey, () => approach(this.wire(credentials), greeting));
  }

  /** The same once more, whatever was seen before. */
  presentAgain(credentials: Credentials, greeting: Greeting | undefined = this.survey.spoken[0]): Promise<Attempt> {
    return approach(this.wire(credentials), greeting);
  }

  /**
   * As {@link Target.present}, in the fewest requests that prove something: one where there is no session and where the
   * handshake is refused.
   */
  ask(credentials: Credentials, { greeting = this.greeting, detour }: Way = {}): Promise<Attempt> {
    const direct = this.survey.direct.includes(greeting.era);
    const whole = `${credentials.id} ${cacheKeyOf(greeting)}`;
    if (detour === undefined && this.#attempts.has(whole)) return this.present(credentials, greeting);
    const cacheKey = `${whole} briefly ${detour?.name ?? ""}`;
    return once(this.#attempts, cacheKey, async () => {
      const refused = detour === undefined ? await askInAnonymousSession(this, credentials, greeting) : null;
      return refused ?? approachBriefly(this.wire(credentials, detour), greeting, direct);
    });
  }

  /** A session that was opened without a key, one for the whole run; `null` where the server opens none. */
  openAnonymousSession(): Promise<OpenSession | null> {
    this.#anonymousSession ??= openSession(this, NOTHING).catch((error: unknown) => {
      if (isFaultOfServer(error)) return null;
      throw error;
    });
    return this.#anonymousSession;
  }

  /** Ends what is open for the whole run. */
  async close(): Promise<void> {
    await (await this.#anonymousSession)?.end();
  }

  /** Whether the right key is still let in after others were not; asked once. */
  async isStillIn(): Promise<boolean> {
    this.#still ??= this.presentAgain(this.right);
    return isAccepted(await this.#still);
  }

  /** One exchange. */
  exchange(planned: PlannedRequest, credentials: Credentials = NOTHING): Promise<Seen> {
    return once(this.#seen, `${credentials.id} ${planned.cacheKey}`, () =>
      attemptExchange(this.wire(credentials), planned),
    );
  }
}

function cacheKeyOf({ era, judged, params = {} }: Greeting): string {
  return `${era} ${judged} ${textAt(params, "name") ?? ""}`;
}

async function attemptExchange(wire: Wire, planned: PlannedRequest): Promise<Seen> {
  try {
    return await wire.exchange(planned);
  } catch (error) {
    if (isFaultOfServer(error)) return error;
    throw error;
  }
}

function once<T>(known: Map<string, Promise<T>>, cacheKey: string, make: () => Promise<T>): Promise<T> {
  const found = known.get(cacheKey) ?? make();
  known.set(cacheKey, found);
  return found;
}
