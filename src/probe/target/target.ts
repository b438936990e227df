import type { Secret } from "../../core/secret.ts";
import type { HttpHeaders } from "../../http/http.ts";
import type { KeysError } from "../../errors.ts";
import type { Greeting } from "../mcp/conversation.ts";
import type { KeyHeader } from "../mcp/key-header.ts";
import type { PresentedKey } from "../mcp/presented-key.ts";
import type { PlannedRequest } from "../mcp/planned-request.ts";
import type { Redact } from "../../core/redact.ts";
import type { Variation } from "../mcp/variation.ts";
import type { McpAnswer, SentRequest, Wire } from "../mcp/wire.ts";
import type { ClientInfo } from "../mcp/rpc-message.ts";
import type { RandomText } from "../random-text.ts";
import type { Attempt } from "../verify/attempt.ts";
import type { Survey } from "../verify/survey.ts";
import type { Canaries } from "./canaries.ts";
import type { Lab } from "./lab.ts";

/** The settings of a run: the server, the keys and the limits. */
export interface TargetSettings {
  readonly url: URL;
  /** The header that carries the key. */
  readonly header: KeyHeader;
  /** A key that the server should accept. */
  readonly key: Secret;
  /** A well-formed key that no store contains. */
  readonly bogus: Secret;
  /** Another key that the server should accept. */
  readonly secondKey: Secret | null;
  /** A tool that may be called without arguments. */
  readonly tool: string | null;
  /** Creates keys in the server's store. */
  readonly lab: Lab | null;
  readonly redact: Redact;
  readonly random: RandomText;
  /** Monotonic clock, in milliseconds. */
  readonly now: () => number;
  /** Seconds since 1970. */
  readonly epoch: () => number;
  /** Milliseconds for each exchange. */
  readonly timeoutMs: number;
  /** Milliseconds for the server to notice a change in its store. */
  readonly patienceMs: number;
  readonly signal?: AbortSignal;
}

/**
 * The server under test, and the ways to ask it. Checks share answers: the same question with the same key is sent once,
 * unless a method says otherwise.
 */
export interface Target extends TargetSettings {
  /** Whether the URL points to this machine. */
  readonly loopback: boolean;
  readonly clientInfo: ClientInfo;
  /** All answers so far, for checks that look at every answer. */
  readonly recorded: readonly RecordedAnswer[];
  /** Whether the server has limited the rate of requests, or answered ever more slowly. */
  readonly limitsRate: boolean;
  /** Presents the valid key. */
  readonly valid: PresentedKey;
  /** Presents the bogus key. */
  readonly wrong: PresentedKey;
  /** Throws a `BUG` if there is no `lab`. */
  readonly canaries: Canaries;
  /** Facts learned with the valid key before the first check. */
  readonly survey: Survey;
  /** The newest era in which the server accepts the key. Throws a `BUG` if it accepts it in none. */
  readonly greeting: Greeting;

  /** Opens a connection for a check that holds a conversation itself. Its answers are not shared. */
  wire(presented: PresentedKey, variation?: Variation): Wire;
  /**
   * Sends the judged request in a complete conversation.
   * @param greeting - The era to speak. Default: the newest that the server speaks.
   */
  present(presented: PresentedKey, greeting?: Greeting): Promise<Attempt>;
  /** Does the same as {@link Target.present}, but always sends it. */
  presentAgain(presented: PresentedKey, greeting?: Greeting): Promise<Attempt>;
  /**
   * Does the same as {@link Target.present} with the fewest requests that prove something: one, if the era has no session or the
   * server refuses the handshake.
   */
  ask(presented: PresentedKey, options?: AskOptions): Promise<Attempt>;
  /**
   * Sends one request and reads the answer.
   * @param presented - Default: no key.
   */
  exchange(planned: PlannedRequest, presented?: PresentedKey): Promise<ExchangeResult>;
  /** Opens a session without a key, once per run; `null` if the server opens none. */
  openAnonymousSession(): Promise<OpenSession | null>;
  /** Presents the valid key once more and returns whether it is still accepted; once per run. */
  isStillAccepted(): Promise<boolean>;
}

/** Options of {@link Target.ask}. */
export interface AskOptions {
  /** The era to speak, and the request to send. */
  readonly greeting?: Greeting;
  readonly variation?: Variation;
}

/** The answer to one request, or the reason why there was none. */
export type ExchangeResult = McpAnswer | KeysError;

/** One answer of the server and the request it answers. */
export interface RecordedAnswer {
  readonly presented: PresentedKey;
  readonly answer: McpAnswer;
  /** When it was read, in seconds since 1970. */
  readonly at: number;
  /** The request that was sent. A function, because it contains a secret. */
  readonly sent: () => SentRequest;
}

/** An open session of the legacy era. */
export interface OpenSession {
  readonly id: string;
  /** Headers of every request in the session. */
  readonly headers: HttpHeaders;
  /** Plans the judged request in this session. Each call returns a request whose answer is not shared. */
  ask(): PlannedRequest;
  /** Ends the session. Servers may refuse this or not answer. */
  end(): Promise<void>;
}
