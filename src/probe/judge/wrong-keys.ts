import { wrongKey, type Credentials } from "../mcp/credentials.ts";
import { formsOf } from "./key-forms.ts";
import { createStranger, type Mutation } from "./mutations.ts";
import { namePlace, putInto, type Place } from "./key-places.ts";
import type { Site } from "../target/target.ts";

/** A key of the form of the right one, of which nothing is known to the server. */
export function unknownKey({ header, key, random }: Site): Credentials {
  return wrongKey(header, createStranger(key, random), { id: "unknown-key", name: "a key that nobody issued" });
}

/** What every key that is nearly right is held against: where these are let in, being nearly right does not matter. */
export function strangers(site: Site): Credentials[] {
  return [unknownKey(site), site.wrong];
}

/** Where the server wants the key, keys that are nearly right. */
export function nearly({ header }: Site, mutations: readonly Mutation[]): Credentials[] {
  return mutations.map(({ what, key }) => wrongKey(header, key, { id: what, name: `your key with ${what}` }));
}

/** A key that nobody issued in every form but the right one. A server that passes on what is not Bearer lets each of them in. */
export function strangersInForms({ bogus }: Site): Credentials[] {
  return formsOf(() => bogus.reveal()).map(({ how, headers }) => {
    return { id: `bogus ${how}`, name: `a bogus key ${how}`, kind: "wrong", headers };
  });
}

/** A key that nobody issued, where some servers look for one beside the header. */
export function strangerIn(place: Place, { bogus }: Site): Credentials {
  const put = putInto(place, () => bogus.reveal());
  return { id: `bogus in ${place}`, name: `a bogus key ${namePlace(place)}`, kind: "wrong", ...put };
}
