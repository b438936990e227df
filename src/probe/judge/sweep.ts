import { untestable, type CheckResult, type Cost } from "../check-result.ts";
import { NOTHING } from "../mcp/presented-key.ts";
import { pack, type Variation } from "../mcp/variation.ts";
import type { Target } from "../target/target.ts";
import { OTHER_BODIES } from "../variations/bodies.ts";
import { clientClaims } from "../variations/clients.ts";
import { versionClaims } from "../variations/versions.ts";
import { findAccepted } from "./judge-refused.ts";
import { SEARCH, sendAll, type VariedTrial } from "./send-variations.ts";
import { judgeVariations } from "./try-variations.ts";

/** Subjects whose variations are sent in the same requests, because a server hardly looks at two of them. */
export type SweptSubject = "body" | "client" | "version";

/** Upper bound of the sweep. Every check that uses it counts it, as if no other one had asked. */
export const SWEEP_COST: Cost = { requests: 20 + SEARCH, wrong: 20 + SEARCH };

type Swept = Readonly<Record<SweptSubject, readonly VariedTrial[]>>;

const sweeps = new WeakMap<Target, Promise<Swept>>();

/**
 * Judges whether the server requires a key, whatever a request says about one subject. Sends the variations of all subjects once in a run.
 * @param of - What varies, completing "12 variants of …".
 */
export async function trySwept(target: Target, subject: SweptSubject, of: string): Promise<CheckResult> {
  if ((await findAccepted(target, [NOTHING])) !== null) return untestable("already accepted with no key");
  const started = sweeps.get(target) ?? sendOnce(target);
  sweeps.set(target, started);
  return judgeVariations(target, (await started)[subject], of);
}

async function sendOnce(target: Target): Promise<Swept> {
  const eras = target.survey.greetings.map(({ era }) => era);
  const spoken = target.greeting.era === "sse" ? [] : [...OTHER_BODIES, ...versionClaims(eras)];
  const claims = clientClaims(target.url);
  const groups = pack([...spoken, ...claims], true);
  const trials = await sendAll(target, NOTHING, groups);
  const of = (own: readonly Variation[]): VariedTrial[] =>
    trials.flatMap((trial) => {
      const variations = trial.variations.filter((one) => own.includes(one));
      return variations.length === 0 ? [] : [trial.granted ? trial : { ...trial, variations }];
    });
  return { body: of(OTHER_BODIES), client: of(claims), version: of(spoken.slice(OTHER_BODIES.length)) };
}
