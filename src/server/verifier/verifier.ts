import { describeMalformed, describeNotBearer, parseBearer } from "../../core/authorization.ts";
import { judge, type Demand, type RefusedVerdict, type Verdict } from "../../core/judge.ts";
import type { Epoch, KeyId } from "../../core/key.ts";
import { checkArgument, FUNCTION, readOptions, TEXT, TOKEN_TEXT, type Rule } from "../../core/options.ts";
import { isObject } from "../../core/type-guards.ts";
import { locateId, NO_ID, parseToken } from "../../core/token.ts";
import type { KeysError } from "../../errors.ts";
import { systemTicks } from "../../world.ts";
import { createAccessLog } from "../access/access-log.ts";
import type { FoundVersion } from "../key-index/key-index.ts";
import { setTelemetry, Telemetry } from "../metrics/telemetry.ts";
import { waitForPosition, type AtLeastOptions } from "./at-least.ts";
import { callHook, describeThrown } from "./call-hook.ts";
import { countCode, createCounters } from "./counters.ts";
import { EndListeners } from "./end-listeners.ts";
import type { EndedVersion } from "./ended-version.ts";
import { openSources } from "./join-sources.ts";
import { describeRefusal, RefusalLog, type Detail } from "./refusal-log.ts";
import type { Verifier } from "./verifier-interface.ts";
import { REQUIREMENTS, type Requirements, resolveOptions, type VerifierOptions } from "./verifier-options.ts";

export type { AtLeastOptions, EndedVersion, Requirements, Verifier, VerifierOptions };

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
  return startVerifier(options, systemTicks);
}

/**
 * Creates a verifier, as {@link createVerifier}.
 * @param ticks - returns the milliseconds of a monotonic clock
 */
export async function startVerifier(options: VerifierOptions, ticks: () => number): Promise<Verifier> {
  const resolved = resolveOptions(options);
  const { stores, now, audience, log, onVerdict } = resolved;
  const counters = createCounters();
  const refusals = new RefusalLog(log);
  const source = await openSources(stores, {
    options: resolved,
    counters,
    ticks,
    onRead: () => refusals.summarize(now()),
  });

  const listeners = new EndListeners((report) => source.watchEnds(report), log);
  const telemetry = new Telemetry({ counters, source, now, ticks });

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

  const methods: Omit<Verifier, "ready"> = {
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
    position: () => source.positionOf(null, now()),
    async atLeast(position, atLeast) {
      await waitForPosition(source.followers, position, atLeast);
    },
    onRevoked(listener) {
      checkArgument("the listener of onRevoked", listener, FUNCTION);
      return listeners.add(listener);
    },
    audience: audience ?? null,
    counters,
    access: createAccessLog({
      ...{ ...resolved, positionOf: (id, at) => source.positionOf(id, at) },
      onError: (cause) => refusals.logProblem(`onAccess or accessLog failed: ${describeThrown(cause)}`, now()),
    }),
    metrics: () => telemetry.format(),
    async close() {
      await source.close();
      refusals.summarize();
    },
  };
  // A getter in the literal would make V8 look up each property on each request.
  const ready = { get: () => source.isFresh(now()), enumerable: true, configurable: true };
  const verifier = Object.defineProperty(methods, "ready", ready) as Verifier;
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
