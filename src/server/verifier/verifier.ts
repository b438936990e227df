import { describeMalformed, parseBearer } from "../../core/authorization.ts";
import { judge, type Reason, type Verdict } from "../../core/judge.ts";
import type { Epoch, KeyId } from "../../core/key.ts";
import { guessId, ID_LENGTH, locateId, NO_TOKEN, parseToken, WRONG_CHECKSUM } from "../../core/token.ts";
import { KeysError } from "../../errors.ts";
import { createCounters, type Counters } from "./counters.ts";
import { followStore } from "./follow.ts";
import type { Held } from "../key-index/key-index.ts";
import { LastUse } from "./last-use.ts";
import { RefusalLog, type Why } from "./refusal-log.ts";
import { createReporter } from "./reporter.ts";
import { resolveOptions, type VerifierOptions } from "./verifier-options.ts";

export type { VerifierOptions };

/**
 * What a request asks of a key, beside being valid.
 * @example
 * ```ts
 * import type { Asked, Verifier } from "mcp-keys";
 *
 * const asked: Asked = { scopes: ["deploy"] };
 * const canDeploy = (verifier: Verifier, token: string): boolean => verifier.verify(token, asked).ok;
 * ```
 */
export interface Asked {
  /** All of them must have been given to the key. */
  readonly scopes?: readonly string[];
  /** In place of the verifier's own, as `parseAudience` writes it. */
  readonly audience?: string;
}

/**
 * Checks tokens in memory.
 * @example
 * ```ts
 * import type { Verifier } from "mcp-keys";
 *
 * const health = (verifier: Verifier) => ({ ready: verifier.ready, accepted: verifier.counters.accepted });
 * ```
 */
export interface Verifier {
  /**
   * Judges a token. Does no I/O, and makes no `Error` for a refusal.
   * @throws {@link KeysError} `STORE_UNAVAILABLE` when the store has not answered for `maxStaleness`: answer 503, never 401
   */
  verify(token: string, asked?: Asked): Verdict;
  /** Judges the value of an `Authorization` header. Throws as {@link Verifier.verify}. */
  verifyHeader(authorization: string | null | undefined, asked?: Asked): Verdict;
  /** Counts and logs a refusal that needs no look at the keys. `why` must not quote the token. */
  refuse(reason: Reason, why?: string): Verdict;
  /**
   * Looks at the store now and waits for it, a few seconds at most. For a process that was frozen (serverless, a laptop):
   * after a `STORE_UNAVAILABLE` refresh once and verify again. Returns at once when the store is known to fail. Never throws.
   */
  refresh(): Promise<void>;
  /** What has happened since the start; live. */
  readonly counters: Readonly<Counters>;
  /** Whether {@link Verifier.verify} can answer, for a health check. */
  readonly ready: boolean;
  /** Ends the following, and writes the last-used times still in memory. Does not close the store. Never throws. */
  close(): Promise<void>;
}

/**
 * Loads the keys of a store and follows it from then on: what is generated, rotated, revoked or disabled takes effect
 * without a restart. As long as the store holds no key, every request is refused.
 * @throws {@link KeysError} `USAGE` for options that make no sense, `PEPPER_INVALID`; what the store throws when it cannot be read at all
 * @example
 * ```ts
 * import { createVerifier, openStore } from "mcp-keys";
 *
 * const verifier = await createVerifier({ store: await openStore(), log: console.error });
 * const verdict = verifier.verifyHeader("Bearer mcp_…");
 * console.log(verdict.ok ? verdict.key.name : verdict.reason);
 * ```
 */
export async function createVerifier(options: VerifierOptions): Promise<Verifier> {
  const { store, now, maxStaleness, pollEvery, flushEvery, peppers, audience, log, onFault, onVerdict } =
    resolveOptions(options);
  const counters = createCounters();
  const refusals = new RefusalLog(log);
  const reporter = createReporter({ spec: store.spec, maxStaleness, counters, log, onFault });
  const follower = await followStore({
    store,
    now,
    peppers,
    pollEvery,
    maxStaleness,
    onLook(fault, { index }, fresh) {
      refusals.summarize(now());
      reporter.looked(fault, fresh);
      reporter.holds(index);
    },
  });
  const lastUse = new LastUse(store, flushEvery, (cause) => reporter.saved(cause));
  reporter.holds(follower.index);

  const tell = (verdict: Verdict): Verdict => {
    if (onVerdict === undefined) return verdict;
    try {
      onVerdict(verdict);
    } catch (cause) {
      reporter.hookFailed(cause);
    }
    return verdict;
  };

  const reject = (verdict: Refusal, at: Epoch, why: Why, id?: KeyId): Verdict => {
    counters.refused[verdict.reason]++;
    refusals.refused(verdict, at, why, id);
    return tell(verdict);
  };

  const mistyped = (at: Epoch): Verdict => reject(MISTYPED, at, "its checksum does not fit");

  const mustBeFresh = (at: Epoch): void => {
    if (follower.isFresh(at)) return;
    counters.unavailable++;
    throw new KeysError("STORE_UNAVAILABLE", `the store has not answered for more than ${maxStaleness} s`);
  };

  const judgeHeld = (held: Held, at: Epoch, asked: Asked | undefined): Verdict => {
    const demand = { now: at, scopes: asked?.scopes, audience: asked?.audience ?? audience ?? null };
    const verdict = judge(held.key, held.version, demand);
    // A key that lacks a scope is in use all the same, and must not be retired as unused.
    if (verdict.ok || verdict.reason === "insufficient-scope") lastUse.note(follower.index, held.row, at);
    if (!verdict.ok) return reject(verdict, at, demand.audience === null ? (UNNAMED[verdict.reason] ?? "") : "");
    counters.accepted++;
    return tell(verdict);
  };

  /** Judges a token that is not of our making. */
  const judgeOpaque = (token: string, asked: Asked | undefined): Verdict => {
    const at = now();
    mustBeFresh(at);
    const held = follower.index.findByDigest(token);
    return held === null ? reject(MALFORMED, at, "not a token of this store") : judgeHeld(held, at, asked);
  };

  /** How many tokens more are read to the end before a digest is made. */
  let doubts = 0;

  /**
   * Judges the token at the end of a text, read in place; null when it is not of our making. What has a key's digest needs no
   * checksum; that tells apart what belongs to no key. It comes first while there is much of that, and so costs less.
   */
  const judgeFrom = (text: string, start: number, asked: Asked | undefined): Verdict | null => {
    const guessed = guessId(text, start);
    if (guessed === NO_TOKEN) return null;
    const isDoubted = doubts > 0;
    if (isDoubted) doubts--;
    let place = isDoubted ? locateId(text, start) : guessed;
    const at = now();
    const { index } = follower;
    const token = text.slice(start);
    const found = place === guessed && follower.isFresh(at) ? index.findById(token, text, place) : "";
    if (typeof found !== "string") return judgeHeld(found, at, asked);
    doubts = DOUBTS;
    if (!isDoubted) place = locateId(text, start);
    if (place === WRONG_CHECKSUM) return mistyped(at);
    if (place === NO_TOKEN) return null;
    mustBeFresh(at);
    const held = index.hasOthers ? index.findByDigest(token, found) : null;
    if (held !== null) return judgeHeld(held, at, asked);
    const id = text.slice(place, place + ID_LENGTH);
    return reject(UNKNOWN, at, () => (index.has(id) ? "no version of the key" : "no key has the id"), id);
  };

  const verify: Verifier["verify"] = (token, asked) => {
    const verdict = judgeFrom(token, 0, asked);
    if (verdict !== null) return verdict;
    const parsed = parseToken(token);
    return !parsed.ok && parsed.reason === "mistyped" ? mistyped(now()) : judgeOpaque(token, asked);
  };

  const refuse: Verifier["refuse"] = (reason, why = "") => reject({ ok: false, reason }, now(), why);

  return {
    verify,
    verifyHeader(authorization, asked) {
      if (authorization?.startsWith(USUAL) === true) {
        const verdict = judgeFrom(authorization, USUAL.length, asked);
        if (verdict !== null) return verdict;
      }
      const presented = parseBearer(authorization);
      if (presented.ok) return verify(presented.token, asked);
      return presented.reason === "missing"
        ? refuse("missing")
        : refuse("malformed", describeMalformed(authorization ?? ""));
    },
    refuse,
    refresh: () => follower.refresh(),
    counters,
    get ready() {
      return follower.isFresh(now());
    },
    async close() {
      follower.close();
      await lastUse.close();
      refusals.summarize();
    },
  };
}

type Refusal = Extract<Verdict, { ok: false }>;

const USUAL = "Bearer ";
/** After a token of no key; a client that asks again and again must not cost more than one that is let in. */
const DOUBTS = 100;
/** What a server that was not told its URL should be told. */
const UNNAMED: Partial<Record<Reason, string>> = {
  "wrong-audience": "the key is bound to servers; set `audience` here",
};
const MISTYPED = Object.freeze({ ok: false, reason: "mistyped" });
const MALFORMED = Object.freeze({ ok: false, reason: "malformed" });
const UNKNOWN = Object.freeze({ ok: false, reason: "unknown" });
