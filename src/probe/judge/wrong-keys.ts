import { wrongKey, type Credentials } from "../mcp/credentials.ts";
import { formsOf } from "./key-forms.ts";
import { createWrongKey, type Mutation } from "./mutations.ts";
import { namePlace, putInto, type Place } from "./key-places.ts";
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
export function nearly({ header }: Target, mutations: readonly Mutation[]): Credentials[] {
  return mutations.map(({ what, key }) => wrongKey(header, key, { id: what, name: `your key with ${what}` }));
}

/** A key that nobody issued in every form but the right one. A server that passes on what is not Bearer lets each of them in. */
export function wrongKeysInForms({ bogus }: Target): Credentials[] {
  return formsOf(() => bogus.reveal()).map(({ how, headers }) => {
    return { id: `bogus ${how}`, name: `a bogus key ${how}`, kind: "wrong", headers };
  });
}

/** A key that nobody issued, where some servers look for one beside the header. */
export function wrongKeyIn(place: Place, { bogus }: Target): Credentials {
  const put = putInto(place, () => bogus.reveal());
  return { id: `bogus in ${place}`, name: `a bogus key ${namePlace(place)}`, kind: "wrong", ...put };
}
