import { KeysError } from "../../errors.ts";
import { holdsList, type Greeting } from "../mcp/conversation.ts";
import type { PresentedKey } from "../mcp/presented-key.ts";
import { combine, type Variation } from "../mcp/variation.ts";
import type { Target } from "../target/target.ts";
import { isAccepted, isConversation, type Attempt } from "../verify/attempt.ts";

/** A message that was sent in one or more other ways at once, and the result. */
export interface VariedTrial {
  readonly presented: PresentedKey;
  readonly variations: readonly Variation[];
  readonly attempt: Attempt;
  /** Whether the answer contains what a key protects. */
  readonly granted: boolean;
}

/** Requests that may be sent to tell variations apart that were sent together. */
export const SEARCH = 40;

/** Variations that a server hardly needs together to be opened. */
const MOST_TOGETHER = 3;

/** Sends groups of variations with one key. Leaves out an era that is open anyway, which another check reports. */
export async function sendAll(
  target: Target,
  presented: PresentedKey,
  groups: readonly (readonly Variation[])[],
): Promise<VariedTrial[]> {
  const eras = [...new Set(groups.flat().map(({ era }) => era))];
  const greetings = eras.map((era) => greetingFor(target, era));
  // An era that the server does not speak at its own path is not open there either.
  const spoken = greetings.filter(({ era }) => target.survey.greetings.some((each) => each.era === era));
  const refused = await Promise.all(spoken.map((greeting) => target.ask(presented, { greeting })));
  const openEras = spoken.filter((_, i) => isAccepted(refused[i])).map(({ era }) => era);
  const sender = new VariationSender(target, presented, { refused, budget: SEARCH });
  const guarded = groups.filter(([first]) => !openEras.includes(greetingFor(target, first?.era).era));
  return sender.sendEach(guarded);
}

/** Sends variations with one key, and looks for those that open the server. */
class VariationSender {
  readonly #target: Target;
  readonly #presented: PresentedKey;
  /** Statuses with which the server refuses the same message without a variation. */
  readonly #refused: readonly (number | undefined)[];
  /** Requests left to tell the variations of a group apart. */
  #budget: number;
  /** Variations that open the server on their own. */
  readonly #found: Variation[] = [];

  constructor(
    target: Target,
    presented: PresentedKey,
    { refused, budget }: { refused: readonly Attempt[]; budget: number },
  ) {
    this.#target = target;
    this.#presented = presented;
    this.#refused = refused.map((attempt) => (isConversation(attempt) ? attempt.answer.status : undefined));
    this.#budget = budget;
  }

  /**
   * Sends each group together, then looks for what opens the server: in one group after another, because what is found in the first
   * explains others.
   */
  async sendEach(groups: readonly (readonly Variation[])[]): Promise<VariedTrial[]> {
    const trials = await Promise.all(groups.map((group) => this.#try(group)));
    const results: VariedTrial[] = [];
    for (const trial of trials.filter(({ granted }) => granted)) results.push(...(await this.#search(trial)));
    for (const trial of trials.filter(({ granted }) => !granted)) results.push(...(await this.#search(trial)));
    return leaveOutUnclear(results);
  }

  /**
   * If the answer is not the usual refusal, sends the variations apart, until it is clear which one opens the server, or that none
   * does: one of them may have been answered before the guard saw the others.
   */
  async #search(trial: VariedTrial): Promise<VariedTrial[]> {
    const { variations: group, granted } = trial;
    if (group.length === 1 || (!granted && this.#isUsual(trial.attempt)) || this.#budget <= 0) return [trial];
    const known = granted ? group.filter((one) => this.#isFound(one)) : [];
    if (known.length > 0 && known.length < group.length)
      return this.#searchHalves(trial, [known, without(group, known)]);
    const middle = Math.ceil(group.length / 2);
    return this.#searchHalves(trial, [group.slice(0, middle), group.slice(middle)]);
  }

  async #searchHalves(trial: VariedTrial, halves: readonly (readonly Variation[])[]): Promise<VariedTrial[]> {
    const found: VariedTrial[] = [];
    for (const half of halves) {
      this.#budget--;
      const part = await this.#try(half);
      if (part.granted && half.length === 1) this.#found.push(...half);
      found.push(...(await this.#search(part)));
    }
    if (!trial.granted || found.some(({ granted }) => granted)) return found;
    return [...found, await this.#shrink(trial)];
  }

  /** Returns whether a header or parameter opened the server before, with another value. */
  #isFound({ headers = {}, query }: Variation): boolean {
    return this.#found.some(
      (other) =>
        Object.keys(headers).some((name) => name in (other.headers ?? {})) ||
        (query !== undefined && other.query?.split("=")[0] === query.split("=")[0]),
    );
  }

  /** Finds the variations that open the server only together, one after another by bisection. */
  async #shrink(trial: VariedTrial): Promise<VariedTrial> {
    let smallest = trial;
    const needed: Variation[] = [];
    for (let pool = trial.variations; pool.length > 0 && this.#budget > 0;) {
      let [low, high] = [1, pool.length];
      while (low < high && this.#budget-- > 0) {
        const middle = Math.floor((low + high) / 2);
        const some = await this.#try([...needed, ...pool.slice(0, middle)]);
        if (some.granted) [smallest, high] = [some, middle];
        else low = middle + 1;
      }
      needed.push(...pool.slice(high - 1, high));
      pool = pool.slice(0, high - 1);
      this.#budget--;
      const enough = await this.#try(needed);
      if (enough.granted) return enough;
    }
    return smallest;
  }

  async #try(variations: readonly Variation[]): Promise<VariedTrial> {
    const variation = combine(variations);
    const greeting = greetingFor(this.#target, variation.era);
    const attempt = await this.#target.ask(this.#presented, { greeting, variation });
    return { presented: this.#presented, variations, attempt, granted: grantsData(attempt, greeting) };
  }

  #isUsual(attempt: Attempt): boolean {
    return this.#refused.includes(isConversation(attempt) ? attempt.answer.status : undefined);
  }
}

/** Leaves out groups that opened the server and were not told apart, if something in them is known to open it. */
function leaveOutUnclear(trials: readonly VariedTrial[]): VariedTrial[] {
  const fewest = Math.min(...trials.filter(({ granted }) => granted).map(({ variations }) => variations.length));
  const most = Math.max(fewest, MOST_TOGETHER);
  return trials.filter(({ granted, variations }) => !granted || variations.length <= most);
}

function without(all: readonly Variation[], some: readonly Variation[]): Variation[] {
  return all.filter((one) => !some.includes(one));
}

/** Returns the greeting of the era in which a variation is sent. */
function greetingFor({ survey, greeting }: Target, era: Variation["era"]): Greeting {
  if (era === undefined) return greeting;
  return survey.greetings.find((each) => each.era === era) ?? { ...greeting, era };
}

/** Returns whether an answer holds the list that was asked for. A variation may make the server answer another question. */
function grantsData(attempt: Attempt, { judged }: Greeting): boolean {
  if (attempt instanceof KeysError || !attempt.accepted) return false;
  return !judged.endsWith("/list") || holdsList(attempt.answer, judged);
}
