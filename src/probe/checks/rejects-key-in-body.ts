import { KeysError } from "../../errors.ts";
import type { Check } from "../check.ts";
import { fail, pass, untestable } from "../check-result.ts";
import { misplacedKey, NOTHING } from "../mcp/presented-key.ts";
import { isRefusal } from "../mcp/answer-kind.ts";
import { initializeRequest, rpcRequest, LEGACY_VERSION } from "../mcp/rpc-message.ts";
import { isObject, objectAt, parseJson } from "../mcp/json.ts";
import { type PlannedRequest, legacyRequest, modernRequest } from "../mcp/planned-request.ts";
import { exchangeEach, isGranted } from "../judge/judge-granted.ts";
import { listNames } from "../judge/judge-refused.ts";
import type { ExchangeResult, Target } from "../target/target.ts";
import { isAccepted, isConversation } from "../verify/attempt.ts";

export const rejectsKeyInBody: Check = {
  id: "rejects-key-in-body",
  group: "rejection",
  about: "conformance",
  level: "should",
  expected: "rejects your key in the body",
  source: new URL("https://www.rfc-editor.org/rfc/rfc6750#section-2.2"),
  fix: "read the key from the header only",
  needs: ["accepted", "http"],
  cost: { requests: 5, wrong: 5 },
  async run(target) {
    const first = firstRequest(target);
    const nothing = await target.ask(NOTHING);
    // The modern era has no handshake that could succeed without a key.
    if (isAccepted(nothing) || (first.grants === "greeting" && isConversation(nothing) && nothing.server !== null))
      return untestable(`the server answers ${first.name} without a key`);
    const key = target.key.reveal();
    const keyInBody = misplacedKey({}, { id: "key-in-body", name: "your key in the body" });
    const messages = [withKey(first, key, "message"), withKey(first, key, "parameters")];
    const tries = await exchangeEach(target, messages, [keyInBody]);
    const form = await target.exchange(formWith(key), keyInBody);
    const isOther = !(form instanceof KeysError) && !isRefusal(form);
    const control = isOther ? await target.exchange(formWith(null), NOTHING) : form;
    const accepted = tries.filter(({ planned, result }) => isGranted(planned, result)).map(({ planned }) => planned);
    if (isAcceptedForm(form, control)) accepted.push(formWith(null));
    if (accepted.length > 0) return fail(`accepted in ${listNames(accepted)}`);
    const silent = [...tries.map(({ result }) => result), form].find((result) => result instanceof KeysError);
    return silent === undefined
      ? pass("rejected in a message and in a form")
      : untestable(target.redact(silent.message));
  },
};

/** Tells whether the key in a form was accepted: the server then answers with another error than 401, since a form is no message. */
function isAcceptedForm(form: ExchangeResult, control: ExchangeResult): boolean {
  if (form instanceof KeysError || control instanceof KeysError) return false;
  return isRefusal(control) && !isRefusal(form) && form.status !== 429 && form.status < 500;
}

/** Returns the first request of a conversation: the judged request, or the handshake before it. */
function firstRequest({ greeting: { era, judged }, survey, clientInfo }: Target): PlannedRequest {
  if (era === "modern") return modernRequest(judged, clientInfo);
  return legacyRequest(
    survey.handshakeFree.includes("legacy") ? rpcRequest(judged) : initializeRequest(clientInfo, LEGACY_VERSION),
  );
}

const NAMES = ["access_token", "token", "api_key", "apiKey", "key"];

function membersFor(key: string): Record<string, string> {
  return Object.fromEntries(NAMES.map((name) => [name, key]));
}

/** Adds the key to a message under its usual names, next to `method` or in `params`. */
function withKey(planned: PlannedRequest, key: string, where: "message" | "parameters"): PlannedRequest {
  const parsed = parseJson(planned.body ?? "");
  const message = isObject(parsed) ? parsed : {};
  const members = membersFor(key);
  const body =
    where === "message"
      ? { ...message, ...members }
      : { ...message, params: { ...objectAt(message, "params"), ...members } };
  const name = where === "message" ? "a member of the message" : "a parameter of the message";
  return { ...planned, name, cacheKey: `${planned.cacheKey} with members of its ${where}`, body: JSON.stringify(body) };
}

/** Builds a form, with the key or without one. @see RFC 6750, section 2.2 */
function formWith(key: string | null): PlannedRequest {
  const fields = key === null ? { mcp: "keys" } : membersFor(key);
  return {
    name: "a form",
    cacheKey: key === null ? "form without" : "form with",
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", accept: "application/json" },
    body: new URLSearchParams(fields).toString(),
    grants: "nothing",
  };
}
