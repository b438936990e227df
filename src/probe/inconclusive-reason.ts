import { KeysError } from "../errors.ts";
import { certificateFault, NOT_ASKED_FOR_CERTIFICATE } from "./judge/certificate.ts";
import type { KeyHeader } from "./mcp/key-header.ts";
import type { RateStop } from "./mcp/rate-limiter.ts";
import { NOTHING } from "./mcp/presented-key.ts";
import type { Target } from "./target/target.ts";
import { isConversation } from "./verify/attempt.ts";
import { explainFailure, explainLimit } from "./verify/explain.ts";
import { findHeader } from "./verify/find-header.ts";

/** Returns why the server did not accept the valid key, or `null` if it did. */
export async function inconclusiveReason(target: Target): Promise<string | null> {
  return target.survey.greetings.length > 0 ? null : explainRefusedKey(target);
}

/** Says that the server limited the rate before it answered with the valid key, or `null` if it did not. */
export function limitReason({ survey }: Target, stop: RateStop | null): string | null {
  const isCut = stop !== null && survey.real instanceof KeysError && survey.real.message.includes(stop.reason);
  return isCut ? explainLimit(stop.retryMs ?? null) : null;
}

/** Returns why the checks of MCP cannot run, or `null` if they can. */
export async function absenceReason(target: Target): Promise<string | null> {
  const { absent, real } = target.survey;
  if (!absent) return null;
  if (certificateFault(real) !== null) return NOT_ASKED_FOR_CERTIFICATE;
  const inOther = (await acceptingHeader(target)) !== null;
  return inOther ? "the server reads the key from another header" : "no MCP server answers at this URL";
}

/** Explains why the server did not accept the valid key, in the words of `verify`. */
export async function explainRefusedKey(target: Target): Promise<string> {
  const { survey, url, header, redact } = target;
  const { real } = survey;
  if (!isConversation(real)) return explainFailure(real, { url, header, redact });
  const anonymous = survey.absent ? undefined : await target.present(NOTHING);
  const status = isConversation(anonymous) ? anonymous.answer.status : undefined;
  return explainFailure(real, { url, header, redact, anonymous: status, accepting: await acceptingHeader(target) });
}

/** Asked for by a check, and again at the end of the run. */
const found = new WeakMap<Target, Promise<KeyHeader | null>>();

function acceptingHeader(target: Target): Promise<KeyHeader | null> {
  const { survey, header, key } = target;
  const { real } = survey;
  if (!isConversation(real)) return Promise.resolve(null);
  const search =
    found.get(target) ?? findHeader({ real, header, token: key, wire: (presented) => target.wire(presented) });
  found.set(target, search);
  return search;
}
