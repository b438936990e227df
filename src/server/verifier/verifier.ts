import { describeMalformed, describeNotBearer, parseBearer } from "../../core/authorization.ts";
import { judge, type Demand, type Reason, type RefusedVerdict, type Verdict } from "../../core/judge.ts";
import type { Epoch, Key, KeyId } from "../../core/key.ts";
import { checkArgument, FUNCTION, readOptions, TEXT, TOKEN_TEXT, type Rule } from "../../core/options.ts";
import { isObject } from "../../core/type-guards.ts";
import { locateId, NO_ID, parseToken } from "../../core/token.ts";
import type { KeysError } from "../../errors.ts";
import { systemTicks } from "../../world.ts";
import type { FoundVersion } from "../key-index/key-index.ts";
import { setTelemetry, Telemetry } from "../metrics/telemetry.ts";
import { callHook } from "./call-hook.ts";
import { countCode, createCounters, type Counters } from "./counters.ts";
import { EndListeners } from "./end-listeners.ts";
import type { EndedVersion } from "./ended-version.ts";
import { openSources } from "./join-sources.ts";
import { RefusalLog, type Detail } from "./refusal-log.ts";
import { REQUIREMENTS, type Requirements, resolveOptions, type VerifierOptions } from "./verifier-options.ts";

export type { EndedVersion, Requirements, VerifierOptions };

/**
 * Verifies tokens in memory.
 * @example
 * ```ts
 * import type { Verifier } from "mcp-keys";
 *
 * const health = (verifier: Verifier) => ({ ready: verifier.ready, accepted: verifier.counters.accepted });
 * ```
 */
export interface Verifier {
  /**
   * Verifies a token. Does no I/O and creates no `Error` for a refusal.
   * @throws {@link KeysError} `STORE_UNAVAILABLE` if the store has not answered for `maxStaleness`, `PEPPER_MISSING` if the token
   *   cannot be checked without a pepper that was not passed: answer 503, never 401. `USAGE` for an argument of another type
   */
  verify(token: string, requirements?: Requirements): Verdict;
  /**
   * Verifies the value of an `Authorization` header.
   * @throws {@link KeysError} as {@link Verifier.verify}
   */
  verifyHeader(authorization: string | null | undefined, requirements?: Requirements): Verdict;
  /** Counts and logs a refusal that was decided without the keys. `detail` must not quote the token. */
  refuse(reason: Reason, detail?: string): Verdict;
  /** Logs a problem of the server while it handled a request, at a limited rate. `problem` must not quote the token. */
  report(problem: string): void;
  /**
   * Logs a request that a guard refused for another reason than its token, at most ten lines for each reason per minute.
   * @param reason - a constant, like `forbidden-origin`
   * @param detail - the fix; must not quote a token
   */
  logRefusal(reason: string, detail: string): void;
  /**
   * Reads the store now and waits for it, at most 5 seconds. For a process that was suspended (serverless, a laptop): after
   * `STORE_UNAVAILABLE`, refresh once and verify again. Returns at once if the store is known to fail. Never throws.
   * @returns whether memory was too old and is up to date again; with several stores: that of one of them
   */
  refresh(): Promise<boolean>;
  /**
   * Calls a function once for each version that was valid and stops being so, to end the connections that were opened with its token:
   * at once when the store announces a change, and within a second of the time when a version expires or its overlap ends. Not awaited;
   * an error is logged once. The guards do this for their own responses.
   * @returns a function that stops it
   * @throws {@link KeysError} `USAGE` for an argument of another type
   * @example
   * ```ts
   * import { createVerifier, openStore } from "mcp-keys";
   *
   * const sockets = new Map<string, { close(): void }>();
   * const verifier = await createVerifier({ store: await openStore() });
   * verifier.onRevoked(({ id, n }) => sockets.get(`${id} ${n}`)?.close());
   * ```
   */
  onRevoked(listener: (ended: EndedVersion) => void): () => void;
  /** The URL of this server; `null` if it was not set. */
  readonly audience: string | null;
  /** Counts since the start, updated live. */
  readonly counters: Readonly<Counters>;
  /** Whether {@link Verifier.verify} can answer, for a health check. With several stores: about every token. */
  readonly ready: boolean;
  /** Returns the metrics as text for Prometheus, to be served as `text/plain; version=0.0.4`. `docs/metrics.md` lists them. */
  metrics(): Promise<string>;
  /** Stops following the store and writes the last-used times in memory. Does not close the store. Never throws. */
  close(): Promise<void>;
}

/**
 * Creates a verifier: loads the keys of a store and follows it. Generated, rotated, revoked and disabled keys take effect
 * without a restart. While the store has no keys, every request is refused. With several stores, the first one that knows a token
 * decides about it.
 * @throws {@link KeysError} `USAGE` for invalid options; `PEPPER_INVALID`; `PEPPER_MISSING` if a valid key needs a pepper that was
 *   not passed, unless `allowMissingPeppers` is set; `OUTPUT_EXISTS` if the file for `uses` is not a report; what the store throws if
 *   it cannot be read
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
  const resolved = resolveOptions(options);
  const { stores, now, audience, log, onVerdict } = resolved;
  const counters = createCounters();
  const refusals = new RefusalLog(log);
  const source = await openSources(stores, { options: resolved, counters, onRead: () => refusals.summarize(now()) });

  const listeners = new EndListeners((report) => source.watchEnds(report), log);
  const telemetry = new Telemetry({ counters, source, now, ticks: systemTicks });

  const notify = (verdict: Verdict): Verdict => {
    if (onVerdict !== undefined) callHook(onVerdict, verdict, (cause) => source.reportHook(cause));
    return verdict;
  };

  const reject = (verdict: RefusedVerdict, at: Epoch, detail: Detail, id?: KeyId): Verdict => {
    counters.refused[verdict.reason]++;
    refusals.log(verdict, at, detail, id);
    return notify(verdict);
  };

  const demandOf = (at: Epoch, requirements?: Requirements): Demand => ({
    now: at,
    scopes: requirements?.scopes,
    audience: requirements?.audience ?? audience ?? null,
  });

  const judgeFound = (found: FoundVersion, demand: Demand, requirements?: Requirements): Verdict => {
    const { key, version } = found;
    const { now: at } = demand;
    const verdict = judge(key, version, demand);
    // A key that only lacks a scope is in use, so it must not be retired as unused.
    const isUse = verdict.ok || verdict.reason === "insufficient-scope";
    if (isUse) source.use(found, at);
    if (!verdict.ok) return reject(verdict, at, () => describeRefusal(verdict.reason, key, demand));
    if (requirements?.again === true) return verdict;
    counters.accepted++;
    counters.lastAcceptedAt = at;
    return notify(verdict);
  };

  const unavailable = (fault: KeysError): KeysError => {
    counters.unavailable++;
    countCode(counters.unavailableByCode, fault.code);
    return fault;
  };

  /** Refuses a token that no key has. Its checksum tells a mistyped token from an unknown one. */
  const rejectUnmatched = (token: string, at: Epoch): Verdict => {
    const parsed = parseToken(token);
    const named = parsed.ok ? parsed.id : null;
    const pepperFault = source.pepperFault(named, at);
    if (pepperFault !== null) throw unavailable(pepperFault);
    if (!parsed.ok && parsed.reason === "mistyped") return reject(MISTYPED, at, "its checksum is wrong");
    const staleFault = source.staleFault(named, at);
    if (staleFault !== null) throw unavailable(staleFault);
    if (!parsed.ok) return reject(MALFORMED, at, "not a token of this store");
    const { id } = parsed;
    return reject(UNKNOWN, at, () => (source.has(id) ? "no version of the key" : "no key has the id"), id);
  };

  /** The objects that were checked: a guard passes the same ones with every request. */
  const checked = new WeakSet();
  let lastChecked: Requirements | undefined;
  const checkRequirements = (requirements: Requirements): void => {
    if (requirements === lastChecked) return;
    if (!isObject(requirements) || !checked.has(requirements))
      readOptions<Requirements>("verify", requirements, REQUIREMENTS);
    checked.add((lastChecked = requirements));
  };

  const verify: Verifier["verify"] = (token, requirements) => {
    if (typeof token !== "string") checkArgument("the token", token, TOKEN_TEXT);
    if (requirements !== undefined) checkRequirements(requirements);
    const at = now();
    const demand = demandOf(at, requirements);
    const found = source.find(token, 0, locateId(token, 0), demand);
    return found === null ? rejectUnmatched(token, at) : judgeFound(found, demand, requirements);
  };

  const verifier: Verifier = {
    verify: telemetry.durations.time(verify),
    verifyHeader: telemetry.durations.time((authorization, requirements) => {
      const header = authorization ?? "";
      if (typeof header !== "string") checkArgument("the header", header, TEXT);
      if (requirements !== undefined) checkRequirements(requirements);
      const at = now();
      // The usual header is read in place, because parsing it first takes longer than finding the key.
      const idAt = header.startsWith(BEARER) ? locateId(header, BEARER.length) : NO_ID;
      const demand = demandOf(at, requirements);
      const found = idAt === NO_ID ? null : source.find(header, BEARER.length, idAt, demand);
      if (found !== null) return judgeFound(found, demand, requirements);
      const parsed = parseBearer(authorization);
      if (!parsed.ok) {
        const isMissing = parsed.reason === "missing";
        return reject(parsed, at, () => (isMissing ? describeNotBearer(authorization) : describeMalformed(header)));
      }
      const wasLookedUp = idAt !== NO_ID && parsed.token.length === header.length - BEARER.length;
      return wasLookedUp ? rejectUnmatched(parsed.token, at) : verify(parsed.token, requirements);
    }),
    refuse(reason, detail = "") {
      checkArgument("the reason", reason, REASON);
      checkArgument("the detail", detail, TEXT);
      return reject({ ok: false, reason }, now(), detail);
    },
    report(problem) {
      checkArgument("the problem", problem, TEXT);
      refusals.logProblem(problem, now());
    },
    logRefusal: (reason, detail) => refusals.log({ reason }, now(), detail),
    refresh: () => source.refresh(),
    onRevoked(listener) {
      checkArgument("the listener of onRevoked", listener, FUNCTION);
      return listeners.add(listener);
    },
    audience: audience ?? null,
    counters,
    get ready() {
      return source.isFresh(now());
    },
    metrics: () => telemetry.format(),
    async close() {
      await source.close();
      refusals.summarize();
    },
  };
  setTelemetry(verifier, telemetry);
  return verifier;
}

const REASON: Rule = {
  what: "the reason of a refusal",
  is: (value) => typeof value === "string" && Object.hasOwn(createCounters().refused, value),
};
const BEARER = "Bearer ";
const MISTYPED = Object.freeze({ ok: false, reason: "mistyped" });
const MALFORMED = Object.freeze({ ok: false, reason: "malformed" });
const UNKNOWN = Object.freeze({ ok: false, reason: "unknown" });

/** Describes for the log what the key lacks. Empty if the reason says enough. */
function describeRefusal(reason: Reason, key: Key, { scopes = [], audience }: Demand): string {
  if (reason === "insufficient-scope") {
    return `lacks the scope ${scopes.filter((scope) => !key.scopes.includes(scope)).join(" ")}`;
  }
  const isUnset = reason === "wrong-audience" && audience === null;
  return isUnset ? "the key has an audience; set `audience` here" : "";
}
