import { untestable, type CheckResult, type Cost } from "../check-result.ts";
import { NOTHING } from "../mcp/presented-key.ts";
import { pack } from "../mcp/pack.ts";
import type { Variation } from "../mcp/variation.ts";
import type { Target } from "../target/target.ts";
import { OTHER_BODIES } from "../variations/bodies.ts";
import { clientClaims } from "../variations/clients.ts";
import { NETWORK_CLAIMS } from "../variations/proxy-headers.ts";
import { QUERY_FLAGS, UNKNOWN_QUERY } from "../variations/queries.ts";
import { versionClaims } from "../variations/versions.ts";
import { isConversation, type Attempt } from "../verify/attempt.ts";
import { findAccepted } from "./judge-refused.ts";
import { SEARCH, sendAll, type VariedTrial } from "./send-variations.ts";
import { judgeVariations } from "./try-variations.ts";

/** Subjects whose variations are sent in the same requests, because a server hardly looks at two of them. */
export type SweptSubject = "body" | "client" | "version" | "network" | "query";

/** Upper bound of the sweep. The checks that use it share it, and a plan counts it once. */
export const SWEEP_COST: Cost = { requests: 26 + SEARCH, wrong: 26 + SEARCH };

type Swept = Readonly<Record<SweptSubject, readonly VariedTrial[]>>;

const sweeps = new WeakMap<Target, Promise<Swept>>();

/**
 * Judges whether the server requires a key, whatever a request says about one subject. Sends the variations of all subjects once in a run.
 * @param of - What varies, completing "12 variants of …".
 */
export async function trySwept(target: Target, subject: SweptSubject, of: string): Promise<CheckResult> {
  if ((await findAccepted(target, [NOTHING])) !== null) return untestable("already accepted with no key");
  return judgeVariations(target, await sweep(target, subject), of);
}

/** Sends the variations of all subjects, once in a run, without a key. Returns the trials of one subject. */
export async function sweep(target: Target, subject: SweptSubject): Promise<readonly VariedTrial[]> {
  const started = sweeps.get(target) ?? sendOnce(target);
  sweeps.set(target, started);
  return (await started)[subject];
}

async function sendOnce(target: Target): Promise<Swept> {
  const eras = target.survey.greetings.map(({ era }) => era);
  const speaksHttp = target.greeting.era !== "sse";
  const [body, version] = speaksHttp ? [OTHER_BODIES, versionClaims(eras)] : [[], []];
  const client = clientClaims(target.url);
  const network = NETWORK_CLAIMS;
  const [unknown] = await sendAll(target, NOTHING, [[UNKNOWN_QUERY]]);
  const query = unknown !== undefined && isUsual(unknown, await target.ask(NOTHING)) ? QUERY_FLAGS : [];
  const spread = pack([...body, ...version, ...client, ...query], { spread: true });
  // In the order of their rounds: a server may look at two of these headers.
  const groups = pack(network, { into: spread });
  const trials = await sendAll(target, NOTHING, groups);
  const of = (own: readonly Variation[]): VariedTrial[] =>
    trials.flatMap((trial) => {
      const variations = trial.variations.filter((one) => own.includes(one));
      return variations.length === 0 ? [] : [trial.granted ? trial : { ...trial, variations }];
    });
  return {
    body: of(body),
    version: of(version),
    client: of(client),
    network: of(network),
    query: [...(unknown === undefined ? [] : [unknown]), ...of(query)],
  };
}

/** Returns whether a variation gets the same status. A server that knows no query at its path answers 404 to each. */
function isUsual({ attempt }: VariedTrial, refused: Attempt): boolean {
  return isConversation(attempt) && isConversation(refused) && attempt.answer.status === refused.answer.status;
}
