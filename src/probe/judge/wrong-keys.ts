import { wrongKey, type PresentedKey } from "../mcp/presented-key.ts";
import type { Target } from "../target/target.ts";
import { keyForms, namePlace, putKeyIn, putOperatorInQuery, type KeyPlace } from "./key-places.ts";
import { untestable, type CheckResult } from "../check-result.ts";
import { Secret } from "../../core/secret.ts";
import { shapeOf, withSecret } from "./key-shape.ts";
import { withJwtFix } from "./forge-jwt.ts";
import { tryEach } from "./judge-refused.ts";
import { createWrongKey } from "./made-up-key.ts";
import type { KeyMutation } from "./mutations.ts";

/** Presents a made-up key in the same format as the valid one. */
export function unknownKey({ header, key, random }: Target): PresentedKey {
  return wrongKey(header, createWrongKey(key, random), { id: "unknown-key", name: "an unknown key" });
}

/** Controls for nearly valid keys: if the server accepts these, similarity to the valid key does not matter. */
export function wrongKeys(target: Target): PresentedKey[] {
  return [unknownKey(target), target.wrong];
}

/** Presents nearly valid keys. */
export function nearlyValidKeys({ header }: Target, mutations: readonly KeyMutation[]): PresentedKey[] {
  return mutations.map(({ change, key }) => wrongKey(header, key, { id: change, name: `your key with ${change}` }));
}

/** Presents a text as a key: as the password, if the valid key has a user and a password. */
export function textAsKey(
  { header, key }: Target,
  text: string,
  named: Pick<PresentedKey, "id" | "name">,
): PresentedKey {
  const shape = shapeOf(key.reveal());
  return wrongKey(header, new Secret(shape.kind === "basic" ? withSecret(shape, text) : text), named);
}

/**
 * Judges whether the server rejects nearly valid keys.
 * @param none - Why there may be no such key.
 */
export async function tryMutations(
  target: Target,
  mutations: readonly KeyMutation[],
  none = "every such change of your key means the same key in some encoding",
): Promise<CheckResult> {
  if (mutations.length === 0) return untestable(none);
  const result = await tryEach(target, { controls: wrongKeys(target), variants: nearlyValidKeys(target, mutations) });
  return withJwtFix(target.key, result);
}

/** Presents the bogus key in `Authorization` in every form but that of the valid key. A server that ignores other schemes may accept them. */
export function wrongKeysInForms({ header, bogus }: Target): PresentedKey[] {
  return keyForms(header, () => bogus.reveal()).map(({ how, headers }) => {
    return { id: `bogus ${how}`, name: `a bogus key ${how}`, kind: "wrong", headers };
  });
}

/**
 * Presents the bogus key in a place other than the header. With the one in a cookie goes an operator in the query, which needs no
 * request of its own: a server that reads both places compares both.
 */
export function wrongKeyIn(place: KeyPlace, { bogus }: Target): PresentedKey {
  const put = putKeyIn(place, () => bogus.reveal());
  const name = `a bogus key ${namePlace(place)}`;
  if (place === "query") return { id: "bogus in query", name, kind: "wrong", ...put };
  const both = { ...putOperatorInQuery(), ...put };
  return { id: "bogus in cookie", name: `${name}, with api_key[$ne]=0 in the query`, kind: "wrong", ...both };
}
