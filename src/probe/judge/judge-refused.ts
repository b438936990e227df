import { KeysError } from "../../errors.ts";
import { isConversation, isAccepted, isInconclusive, type Attempt } from "../verify/attempt.ts";
import { fail, pass, untestable, type CheckResult } from "../check-result.ts";
import type { Cost } from "../cost.ts";
import type { Credentials } from "../mcp/credentials.ts";
import { isRefusal } from "../mcp/answer-kind.ts";
import type { Target } from "../target/target.ts";

/** One presentation and what it came to. */
export interface Trial {
  readonly credentials: Credentials;
  readonly attempt: Attempt;
}

/** Presents each of them from the beginning of a conversation. */
export function presentEach(target: Target, each: readonly Credentials[]): Promise<Trial[]> {
  return Promise.all(each.map(async (credentials) => ({ credentials, attempt: await target.present(credentials) })));
}

/**
 * The most that goes out in a run for what nearly every check asks first, and asks once: nothing, two keys that nobody issued, and
 * whether the right one is still let in. No check counts it in its own cost.
 */
export const CONTROLS_COST: Cost = { requests: 17, wrong: 12 };

/** What {@link tryEach} sends for so many variants to a server that answers no handshake without a key. */
export function costOf(variants: number): Cost {
  return { requests: variants, wrong: variants };
}

/**
 * Whether none of the variants is let in. Where a control is, they would be too: then they prove nothing, and the check that
 * is named for the control says what is wrong.
 */
export async function tryEach(
  target: Target,
  { controls, variants }: { readonly controls: readonly Credentials[]; readonly variants: readonly Credentials[] },
): Promise<CheckResult> {
  const open = await findAccepted(target, controls);
  if (open !== null) return untestable(`${open.name} is let in already`);
  return judgeRefused(
    target,
    await Promise.all(variants.map(async (credentials) => ({ credentials, attempt: await target.ask(credentials) }))),
  );
}

/** The first of them that is let in, or `null`. */
export async function findAccepted(target: Target, controls: readonly Credentials[]): Promise<Credentials | null> {
  for (const control of controls) if (isAccepted(await target.ask(control))) return control;
  return null;
}

/**
 * Whether none of them was let in. A refusal counts only where the right key is let in, and a stop by something other than
 * 401 and 403 only where it still is: a server with one session for all answers 400 to whoever comes second.
 */
export async function judgeRefused(target: Target, trials: readonly Trial[]): Promise<CheckResult> {
  const inside = trials.filter(({ attempt }) => isAccepted(attempt));
  if (inside.length > 0) return fail(`let in with ${listNames(inside.map(({ credentials }) => credentials))}`);
  if (target.survey.greetings.length === 0) return untestable("your key was not let in, so a refusal proves nothing");
  const inconclusive = trials.find(({ attempt }) => isInconclusive(attempt));
  if (inconclusive !== undefined)
    return untestable(`${inconclusive.credentials.name}: ${describeAttempt(inconclusive.attempt, target)}`);
  const odd = trials.some(({ attempt }) => isConversation(attempt) && !isRefusal(attempt.answer));
  if (odd && !(await target.isStillAccepted())) {
    return untestable("your key is let in once and not again, so that a refusal proves nothing");
  }
  return pass(`${statusesOf(trials)} to ${listNames(trials.map(({ credentials }) => credentials))}`);
}

/** What an attempt came to, in a few words. */
export function describeAttempt(attempt: Attempt, { redact }: Target): string {
  return attempt instanceof KeysError ? redact(attempt.message) : String(attempt.answer.status);
}

/** `a, b and c`. */
export function listNames(named: readonly { readonly name: string }[]): string {
  const names = [...new Set(named.map(({ name }) => name))];
  const last = names.pop() ?? "nothing";
  return names.length === 0 ? last : `${names.join(", ")} and ${last}`;
}

function statusesOf(trials: readonly Trial[]): string {
  const statuses = trials.map(({ attempt }) => (isConversation(attempt) ? String(attempt.answer.status) : "no answer"));
  return [...new Set(statuses)].join(" or ");
}
