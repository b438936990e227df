import { KeysError } from "../../errors.ts";
import { firstErrand, formOf, withMembers } from "../bodies.ts";
import { breaks, holds, untestable, type Check } from "../check.ts";
import { misplaced, NOTHING } from "../mcp/credentials.ts";
import { isRefusal } from "../mcp/answer-kind.ts";
import { exchangeEach, isOpened } from "../judge/judge-granted.ts";
import { nameAll } from "../judge/judge-refused.ts";
import type { Seen } from "../target/target.ts";

export const rejectsKeyInBody: Check = {
  id: "rejects-key-in-body",
  group: "door",
  about: "manners",
  level: "should",
  expects: "your key in the body lets nobody in",
  source: new URL("https://www.rfc-editor.org/rfc/rfc6750#section-2.2"),
  mend: "take the key from the header alone",
  needs: ["let-in"],
  cost: { requests: 5, wrong: 5 },
  async run(site) {
    if (site.greeting.era === "sse") return untestable("the server speaks HTTP+SSE alone");
    const first = firstErrand(site);
    if (isOpened(first, await site.exchange(first))) return untestable(`${first.name} is answered to anybody already`);
    const key = site.key.reveal();
    const inside = misplaced({}, { id: "key-in-body", name: "your key in the body" });
    const messages = [withMembers(first, key, "message"), withMembers(first, key, "parameters")];
    const tries = await exchangeEach(site, messages, [inside]);
    const [form, control] = [await site.exchange(formOf(key), inside), await site.exchange(formOf(null), NOTHING)];
    const taken = tries.filter(({ errand, seen }) => isOpened(errand, seen)).map(({ errand }) => errand);
    if (isTaken(form, control)) taken.push(formOf(null));
    if (taken.length > 0) return breaks(`taken out of ${nameAll(taken)}`);
    const silent = [...tries.map(({ seen }) => seen), form].find((seen) => seen instanceof KeysError);
    return silent === undefined
      ? holds("not taken out of a message or a form")
      : untestable(site.clean(silent.message));
  },
};

/** A form is no message, so that whoever is let in with one is told so, and no longer that a key is missing. */
function isTaken(form: Seen, control: Seen): boolean {
  if (form instanceof KeysError || control instanceof KeysError) return false;
  return isRefusal(control) && !isRefusal(form) && form.status !== 429 && form.status < 500;
}
