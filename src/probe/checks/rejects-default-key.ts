import type { Check } from "../check.ts";
import { fail, pass } from "../check-result.ts";
import { DEFAULT_KEYS, DEFAULT_SIGNING_SECRETS } from "../judge/default-secrets.ts";
import { findSigningSecret, jwtOf } from "../judge/forge-jwt.ts";
import { costOf, tryEach } from "../judge/judge-refused.ts";
import { textAsKey, wrongKeys } from "../judge/wrong-keys.ts";

export const rejectsDefaultKey: Check = {
  id: "rejects-default-key",
  group: "rejection",
  about: "access",
  level: "must",
  expected: "rejects the default keys of products, and does not sign JWTs with a default secret",
  source: new URL("https://cwe.mitre.org/data/definitions/1392.html"),
  fix: "replace the default by a random key, such as one from mcp-keys generate, and refuse to start with the default",
  needs: ["accepted"],
  cost: costOf(DEFAULT_KEYS.length),
  async run(target) {
    const secret = await findSigningSecret(target.key, DEFAULT_SIGNING_SECRETS);
    if (secret !== null) {
      // The secret is public, but this one is in use.
      return fail(`your key is signed with a default secret of ${secret.product}: ${secret.source}`, {
        fix: "sign with a random secret of 32 bytes or more, refuse to start with the default, and issue all keys again",
      });
    }
    if (jwtOf(target.key) !== null) return pass("your key is signed with none of the known default secrets");
    const others = DEFAULT_KEYS.filter(({ value }) => value !== target.key.reveal());
    const variants = others.map(({ value, product }) =>
      textAsKey(target, value, {
        id: `default ${value}`,
        name: `the key "${value}", a default of ${product}`,
      }),
    );
    return tryEach(target, { controls: wrongKeys(target), variants });
  },
};
