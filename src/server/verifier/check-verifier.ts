import { checkArgument, type Rule } from "../../core/options.ts";
import { isThenable } from "../../core/describe-type.ts";
import { isObject } from "../../core/type-guards.ts";
import type { Verifier } from "./verifier.ts";

const METHODS = ["verify", "verifyHeader", "refuse", "report", "logRefusal", "refresh", "onRevoked"];

const VERIFIER: Rule = {
  what: "a verifier",
  is: (value) => isObject(value) && METHODS.every((name) => typeof value[name] === "function"),
  hint: "pass one made with: await createVerifier({ store })",
};

/**
 * Checks the verifier that was passed to a guard. The usual mistake is a missing `await`.
 * @param where - the name of the called function
 * @throws {@link KeysError} `USAGE`
 */
export function checkVerifier(where: string, verifier: unknown): asserts verifier is Verifier {
  const hint = isThenable(verifier) ? "await it: const verifier = await createVerifier({ store })" : undefined;
  checkArgument(`verifier of ${where}`, verifier, hint === undefined ? VERIFIER : { ...VERIFIER, hint });
}
