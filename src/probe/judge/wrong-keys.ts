import { wrongKey, type PresentedKey } from "../mcp/presented-key.ts";
import type { Target } from "../target/target.ts";
import { keyForms, namePlace, putKeyIn, type KeyPlace } from "./key-places.ts";
import { createWrongKey, type KeyMutation } from "./mutations.ts";

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

/** Presents the bogus key in `Authorization` in every form but that of the valid key. A server that ignores other schemes may accept them. */
export function wrongKeysInForms({ header, bogus }: Target): PresentedKey[] {
  return keyForms(header, () => bogus.reveal()).map(({ how, headers }) => {
    return { id: `bogus ${how}`, name: `a bogus key ${how}`, kind: "wrong", headers };
  });
}

/** Presents the bogus key in a place other than the header. */
export function wrongKeyIn(place: KeyPlace, { bogus }: Target): PresentedKey {
  const put = putKeyIn(place, () => bogus.reveal());
  return { id: `bogus in ${place}`, name: `a bogus key ${namePlace(place)}`, kind: "wrong", ...put };
}
