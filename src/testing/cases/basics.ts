import { digestToken } from "../../core/digest.ts";
import { matches, same } from "../assertions.ts";
import type { Cases } from "../contract-case.ts";
import { changesOf } from "../samples.ts";

/** Of every store, also a read-only one. */
export const basics: Cases = {
  "a new store is empty, and a missing key is null": async ({ store }) => {
    same(await store.list(), []);
    same(await store.get("missing"), null);
    same(await store.get("7Fq2x9Lm0aBc"), null);
    same(await store.find(digestToken("nothing")), null);
    same(await changesOf(store), []);
  },
  "has a spec": async ({ store }) => {
    matches(store.spec, /^[a-z]+:/);
  },
  "can be closed twice": async ({ store }) => {
    await store.close();
    await store.close();
  },
};
