import { KeysError } from "../../errors.ts";
import { fail, pass, untestable, type CheckResult, type Cost, type Tried } from "../check-result.ts";
import { isRefusal } from "../mcp/answer-kind.ts";
import type { PresentedKey } from "../mcp/presented-key.ts";
import type { Target } from "../target/target.ts";
import { noteTried } from "./evidence.ts";
import { isAccepted, isConversation, isInconclusive, type Attempt } from "../verify/attempt.ts";

/** A key that was presented, and the result. */
export interface Trial {
  readonly presented: PresentedKey;
  readonly attempt: Attempt;
}

/** Presents each key in a complete conversation. */
export function presentEach(target: Target, each: readonly PresentedKey[]): Promise<Trial[]> {
  return Promise.all(each.map(async (presented) => ({ presented, attempt: await target.present(presented) })));
}

/**
 * Upper bound for the control requests that most checks share and no check counts: without a key, with two made-up keys, and with
 * the valid key once more.
 */
export const CONTROLS_COST: Cost = { requests: 17, wrong: 12 };

/** Cost of {@link tryEach} if the server refuses the handshake without a key. */
export function costOf(variants: number): Cost {
  return { requests: variants, wrong: variants };
}

/**
 * Judges whether the server accepts none of the variants. Untestable if it accepts a control: then it would accept the variants too,
 * and the check for that control reports it.
 */
export async function tryEach(
  target: Target,
  { controls, variants }: { readonly controls: readonly PresentedKey[]; readonly variants: readonly PresentedKey[] },
): Promise<CheckResult> {
  const accepted = await findAccepted(target, controls);
  if (accepted !== null) return untestable(`already accepted with ${accepted.name}`);
  return judgeRefused(
    target,
    await Promise.all(variants.map(async (presented) => ({ presented, attempt: await target.ask(presented) }))),
  );
}

/** Returns the first control that the server accepts, or `null`. */
export async function findAccepted(target: Target, controls: readonly PresentedKey[]): Promise<PresentedKey | null> {
  for (const control of controls) if (isAccepted(await target.ask(control))) return control;
  return null;
}

/**
 * Judges whether the server accepted none of the keys. A refusal counts only if the server accepts the valid key. A status
 * other than 401 and 403 counts only if it still does: a server with a single session answers 400 to every later client.
 */
export async function judgeRefused(target: Target, trials: readonly Trial[]): Promise<CheckResult> {
  const accepted = trials.filter(({ attempt }) => isAccepted(attempt));
  const tried = noteTrials(target, trials);
  if (accepted.length > 0) {
    return fail(`accepted with ${listNames(accepted.map(({ presented }) => presented))}`, { tried });
  }
  if (target.survey.greetings.length === 0) {
    return untestable("the server did not accept your key, so a refusal proves nothing");
  }
  const inconclusive = trials.find(({ attempt }) => isInconclusive(attempt));
  if (inconclusive !== undefined) {
    return untestable(`${inconclusive.presented.name}: ${describeAttempt(inconclusive.attempt, target)}`);
  }
  const unusual = trials.some(({ attempt }) => isConversation(attempt) && !isRefusal(attempt.answer));
  if (unusual && !(await target.isStillAccepted())) {
    return untestable("the server accepted your key only once, so a refusal proves nothing");
  }
  return pass(`${statusesOf(trials)} with ${listNames(trials.map(({ presented }) => presented))}`, { tried });
}

/** Notes what every trial presented, and what answered. */
export function noteTrials(target: Target, trials: readonly Trial[]): Tried[] {
  const results = trials.map(({ presented, attempt }) => ({
    ...{ what: presented.name, result: attempt, shows: isAccepted(attempt) },
  }));
  return noteTried(target, results);
}

/** Describes the result of an attempt: its status, or why there was no answer. */
export function describeAttempt(attempt: Attempt, { redact }: Target): string {
  return attempt instanceof KeysError ? redact(attempt.message) : String(attempt.answer.status);
}

/** Joins the distinct names: `a, b and c`. */
export function listNames(named: readonly { readonly name: string }[]): string {
  const names = [...new Set(named.map(({ name }) => name))];
  const last = names.pop() ?? "nothing";
  return names.length === 0 ? last : `${names.join(", ")} and ${last}`;
}

function statusesOf(trials: readonly Trial[]): string {
  const statuses = trials.map(({ attempt }) => (isConversation(attempt) ? String(attempt.answer.status) : "no answer"));
  return [...new Set(statuses)].join(" or ");
}
