import { KeysError } from "../../errors.ts";
import type { Greeting } from "../mcp/conversation.ts";
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
  return (await Promise.all(guarded.map((group) => sender.send(group)))).flat();
}

/** Sends variations with one key, and looks for those that open the server. */
class VariationSender {
  readonly #target: Target;
  readonly #presented: PresentedKey;
  /** Statuses with which the server refuses the same message without a variation. */
  readonly #refused: readonly (number | undefined)[];
  /** Requests left to tell the variations of a group apart. */
  #budget: number;

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
   * Sends variations together. If the answer is not the usual refusal, sends them apart, until it is clear which one opens the server,
   * or that none does: one of them may have been answered before the guard saw the others.
   */
  async send(group: readonly Variation[]): Promise<VariedTrial[]> {
    const trial = await this.#try(group);
    if (group.length === 1 || (!trial.granted && this.#isUsual(trial.attempt)) || this.#budget <= 0) return [trial];
    const middle = Math.ceil(group.length / 2);
    this.#budget -= 2;
    const halves = [await this.send(group.slice(0, middle)), await this.send(group.slice(middle))].flat();
    if (!trial.granted || halves.some(({ granted }) => granted)) return halves;
    return [...halves, await this.#shrink(trial)];
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

/** Returns the greeting of the era in which a variation is sent. */
function greetingFor({ survey, greeting }: Target, era: Variation["era"]): Greeting {
  if (era === undefined) return greeting;
  return survey.greetings.find((each) => each.era === era) ?? { ...greeting, era };
}

/** Returns whether an answer holds the list that was asked for. A variation may make the server answer another question. */
function grantsData(attempt: Attempt, { judged }: Greeting): boolean {
  if (attempt instanceof KeysError || !attempt.accepted) return false;
  const [list = "", verb] = judged.split("/");
  return verb !== "list" || Array.isArray(attempt.answer.reply?.result?.[list]);
}
