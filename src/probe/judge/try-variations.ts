import { KeysError } from "../../errors.ts";
import { count } from "../../core/count.ts";
import { fail, pass, untestable, type CheckResult, type Cost } from "../check-result.ts";
import { isRefusal } from "../mcp/answer-kind.ts";
import { NOTHING } from "../mcp/presented-key.ts";
import { pack } from "../mcp/pack.ts";
import type { Variation } from "../mcp/variation.ts";
import type { Target } from "../target/target.ts";
import { isConversation } from "../verify/attempt.ts";
import { causeCode } from "../mcp/cause-code.ts";
import { noteTried } from "./evidence.ts";
import { describeAttempt, findAccepted } from "./judge-refused.ts";
import { SEARCH, sendAll, type VariedTrial } from "./send-variations.ts";

export interface VariationOptions {
  /** What varies, completing "12 variants of …": `the path`. */
  readonly of: string;
  /** Whether to send them with a bogus key too: a guard may then look only whether there is a key. */
  readonly bogus?: boolean;
}

/** Upper bound of {@link tryVariations} for variations that were not sent before. */
export function costOfVariations(variations: readonly Variation[], { bogus = false }: { bogus?: boolean } = {}): Cost {
  const groups = pack(variations);
  const reused = variations.filter(({ reuse }) => reuse !== undefined).length;
  const search = groups.some(({ length }) => length > 1) ? SEARCH : 0;
  const wrong = (bogus ? 2 : 1) * (groups.length + reused + search);
  return { requests: wrong, wrong };
}

/** Judges whether the server requires a key, however a message is sent. Sends the valid key only with {@link Variation.reuse}. */
export async function tryVariations(
  target: Target,
  variations: readonly Variation[],
  { of, bogus = false }: VariationOptions,
): Promise<CheckResult> {
  const keys = bogus ? [NOTHING, target.wrong] : [NOTHING];
  const accepted = await findAccepted(target, keys);
  if (accepted !== null) return untestable(`already accepted with ${accepted.name}`);
  const groups = pack(variations);
  const trials = (await Promise.all(keys.map((presented) => sendAll(target, presented, groups)))).flat();
  return judgeVariations(target, trials, of);
}

/**
 * Judges whether the server granted no variation.
 * @param of - What varies, completing "12 variants of …".
 */
export async function judgeVariations(
  target: Target,
  trials: readonly VariedTrial[],
  of: string,
): Promise<CheckResult> {
  const tried = noteTried(
    target,
    trials.map((trial) => ({ what: nameOf(trial), result: trial.attempt, shows: trial.granted })),
  );
  const open = trials.filter(({ granted }) => granted);
  if (open.length > 0) return fail(`accepted with ${namesOf(open)}`, { tried });
  const unclear = trials.find(({ attempt }) => attempt instanceof KeysError && !isClosed(attempt));
  if (unclear !== undefined) return untestable(`${nameOf(unclear)}: ${describeAttempt(unclear.attempt, target)}`);
  const answered = trials.filter(({ attempt }) => isConversation(attempt));
  if (answered.length === 0) return untestable(`the server closes the connection with every variant of ${of}`);
  const unusual = answered.some(({ attempt }) => isConversation(attempt) && !isRefusal(attempt.answer));
  if (unusual && !(await target.isStillAccepted())) {
    return untestable("the server accepted your key only once, so a refusal proves nothing");
  }
  const statuses = [...new Set(answered.map(({ attempt }) => describeAttempt(attempt, target)))].sort();
  const keys = [...new Set(trials.map(({ presented }) => presented.name))].join(" and ");
  const variations = new Set(trials.flatMap((trial) => trial.variations));
  return pass(`${statuses.join(" or ")} with ${keys} in ${count(variations.size, "variant")} of ${of}`, { tried });
}

/** Lists what opened the server, key by key: `no key and the method PUT, the method PATCH`. */
function namesOf(open: readonly VariedTrial[]): string {
  const keys = [...new Set(open.map(({ presented }) => presented.name))];
  const named = (key: string): string[] =>
    open.filter(({ presented }) => presented.name === key).map(({ variations }) => joined(variations));
  const first = named(keys[0] ?? "");
  const more = keys.slice(1).filter((key) => named(key).join() !== first.join());
  const same = keys.slice(1).length > 0 && more.length === 0;
  return [
    `${same ? keys.join(" or ") : (keys[0] ?? "")} and ${first.join(", ")}`,
    ...more.map((key) => `${key} and ${named(key).join(", ")}`),
  ].join("; ");
}

function nameOf({ presented, variations }: VariedTrial): string {
  return `${presented.name} and ${joined(variations)}`;
}

function joined(variations: readonly Variation[]): string {
  return variations.map(({ name }) => name).join(" together with ");
}

/** Returns whether the server closed the connection, or answered something else than HTTP, rather than not answering at all. */
function isClosed(error: KeysError): boolean {
  return error.code === "SERVER_NOT_MCP" || /^(?:ECONNRESET|ECONNABORTED|EPIPE|HPE_)/.test(causeCode(error));
}
