import { wrongKey, type Credentials } from "../mcp/credentials.ts";
import { keyForms } from "./key-forms.ts";
import { createWrongKey, type KeyMutation } from "./mutations.ts";
import { namePlace, putKeyIn, type KeyPlace } from "./key-places.ts";
import type { Target } from "../target/target.ts";

/** A key of the form of the right one, of which nothing is known to the server. */
export function unknownKey({ header, key, random }: Target): Credentials {
  return wrongKey(header, createWrongKey(key, random), { id: "unknown-key", name: "a key that nobody issued" });
}

/** What every key that is nearly right is held against: where these are let in, being nearly right does not matter. */
export function wrongKeys(target: Target): Credentials[] {
  return [unknownKey(target), target.wrong];
}

/** Where the server wants the key, keys that are nearly right. */
export function nearlyRightKeys({ header }: Target, mutations: readonly KeyMutation[]): Credentials[] {
  return mutations.map(({ change, key }) => wrongKey(header, key, { id: change, name: `your key with ${change}` }));
}

/** A key that nobody issued in every form but the right one. A server that passes on what is not Bearer lets each of them in. */
export function wrongKeysInForms({ bogus }: Target): Credentials[] {
  return keyForms(() => bogus.reveal()).map(({ how, headers }) => {
    return { id: `bogus ${how}`, name: `a bogus key ${how}`, kind: "wrong", headers };
  });
}

/** A key that nobody issued, where some servers look for one beside the header. */
export function wrongKeyIn(place: KeyPlace, { bogus }: Target): Credentials {
  const put = putKeyIn(place, () => bogus.reveal());
  return { id: `bogus in ${place}`, name: `a bogus key ${namePlace(place)}`, kind: "wrong", ...put };
}
