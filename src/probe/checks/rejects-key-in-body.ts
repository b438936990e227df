import { KeysError } from "../../errors.ts";
import { firstRequest, formOf, withMembers } from "../bodies.ts";
import type { Check } from "../check.ts";
import { fail, pass, untestable } from "../check-result.ts";
import { misplacedKey, NOTHING } from "../mcp/credentials.ts";
import { isRefusal } from "../mcp/answer-kind.ts";
import { exchangeEach, isGranted } from "../judge/judge-granted.ts";
import { listNames } from "../judge/judge-refused.ts";
import type { ExchangeResult } from "../target/target.ts";

export const rejectsKeyInBody: Check = {
  id: "rejects-key-in-body",
  group: "rejection",
  about: "conformance",
  level: "should",
  expected: "your key in the body lets nobody in",
  source: new URL("https://www.rfc-editor.org/rfc/rfc6750#section-2.2"),
  fix: "take the key from the header alone",
  needs: ["accepted"],
  cost: { requests: 5, wrong: 5 },
  async run(target) {
    if (target.greeting.era === "sse") return untestable("the server speaks HTTP+SSE alone");
    const first = firstRequest(target);
    if (isGranted(first, await target.exchange(first)))
      return untestable(`${first.name} is answered to anybody already`);
    const key = target.key.reveal();
    const inside = misplacedKey({}, { id: "key-in-body", name: "your key in the body" });
    const messages = [withMembers(first, key, "message"), withMembers(first, key, "parameters")];
    const tries = await exchangeEach(target, messages, [inside]);
    const [form, control] = [await target.exchange(formOf(key), inside), await target.exchange(formOf(null), NOTHING)];
    const taken = tries.filter(({ planned, result }) => isGranted(planned, result)).map(({ planned }) => planned);
    if (isTaken(form, control)) taken.push(formOf(null));
    if (taken.length > 0) return fail(`taken out of ${listNames(taken)}`);
    const silent = [...tries.map(({ result }) => result), form].find((seen) => seen instanceof KeysError);
    return silent === undefined
      ? pass("not taken out of a message or a form")
      : untestable(target.redact(silent.message));
  },
};

/** A form is no message, so that whoever is let in with one is told so, and no longer that a key is missing. */
function isTaken(form: ExchangeResult, control: ExchangeResult): boolean {
  if (form instanceof KeysError || control instanceof KeysError) return false;
  return isRefusal(control) && !isRefusal(form) && form.status !== 429 && form.status < 500;
}
