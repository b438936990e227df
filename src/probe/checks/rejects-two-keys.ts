import type { Check } from "../check.ts";
import { keyHeaders, misplacedKey, NOTHING } from "../mcp/presented-key.ts";
import { costOf, tryEach } from "../judge/judge-refused.ts";
import { wrongKeys } from "../judge/wrong-keys.ts";

export const rejectsTwoKeys: Check = {
  id: "rejects-two-keys",
  group: "rejection",
  about: "conformance",
  level: "may",
  expected: "rejects a request with two keys, even if one of them is valid",
  source: new URL("https://www.rfc-editor.org/rfc/rfc9110#section-5.3"),
  fix: "answer 400 to a repeated header: a proxy in front of the server may read the other one",
  needs: ["accepted"],
  cost: costOf(2),
  run(target) {
    const { name } = target.header;
    const both = (...keys: string[]) => ({ [name]: keys.map((key) => keyHeaders(target.header, key)[name] as string) });
    const [valid, bogus] = [() => target.key.reveal(), () => target.bogus.reveal()];
    const variants = [
      misplacedKey(
        { headers: () => both(valid(), bogus()) },
        { id: "key-then-bogus", name: "your key before a bogus one" },
      ),
      misplacedKey(
        { headers: () => both(bogus(), valid()) },
        { id: "bogus-then-key", name: "your key after a bogus one" },
      ),
    ];
    return tryEach(target, { controls: [NOTHING, ...wrongKeys(target)], variants });
  },
};
