import { isDigest } from "../core/digest.ts";
import { isEpoch } from "../core/duration.ts";
import type { KeyChanges } from "../core/edit.ts";
import type { Demand } from "../core/judge.ts";
import type { Epoch } from "../core/key.ts";
import { FLAG, FUNCTION, PEPPERS, SECONDS, STORE, TEXT, TEXTS, TEXTS_BY_NAME, TIME_OR_NEVER } from "../core/options.ts";
import { TOKEN_TEXT } from "../core/options.ts";
import { checkArgument, copyRecord, type Rule, type Rules } from "../core/options.ts";
import { REVOKE_REASONS } from "../core/revoke.ts";
import { isCount, isPlainObject } from "../core/type-guards.ts";
import { KeysError } from "../errors.ts";
import type { ReadOptions } from "../stores/store.ts";
import type { GenerateInput } from "./generate.ts";
import type { EndRotation } from "../core/evidence.ts";
import type { DigestInput } from "./import-digests.ts";
import type { ImportInput } from "./import.ts";
import type { RevokeOptions } from "./revoke.ts";
import type { RotateOptions } from "./rotate.ts";

/** Rules for arguments, checked at run time for callers without TypeScript. Parsers check the format of a string. */

const SETTINGS = {
  ...{ name: TEXT, scopes: TEXTS, audience: TEXTS, owner: TEXT, note: TEXT, tags: TEXTS_BY_NAME },
  // Forgetting this member must not create a key that never expires.
  expiresAt: { ...TIME_OR_NEVER, required: true },
};

export const GENERATE: Rules<GenerateInput> = {
  ...SETTINGS,
  prefix: TEXT,
  replace: FLAG,
  deliver: FUNCTION,
  wait: FUNCTION,
};

export const IMPORT: Rules<ImportInput> = { ...SETTINGS, token: { ...TOKEN_TEXT, required: true }, allowWeak: FLAG };

export const IMPORT_DIGEST: Rules<DigestInput> = {
  ...SETTINGS,
  name: { ...TEXT, required: true },
  digest: {
    what: "a digest such as sha256:<64 hex>",
    is: (value) => typeof value === "string" && isDigest(value),
    required: true,
  },
  enabled: FLAG,
  source: TEXT,
};

export const LIST: Rule = { what: "an array", is: Array.isArray };

export const ROTATE: Rules<RotateOptions> = {
  ...{ overlap: SECONDS, expiresAt: TIME_OR_NEVER, ifOlderThan: SECONDS, runId: TEXT },
  deliver: { ...FUNCTION, required: true },
  ...{ publish: FUNCTION, wait: FUNCTION, proveEarly: FUNCTION, deploy: FUNCTION, prove: FUNCTION },
};

const PROOF: Rule = {
  what: "{ accepted, refused }: true or false, and a list of version numbers",
  is: (value) =>
    isPlainObject(value) &&
    FLAG.is(value["accepted"]) &&
    Array.isArray(value["refused"]) &&
    value["refused"].every(isCount),
  copy: copyRecord,
};
export const END_ROTATION: Rules<EndRotation> = { window: SECONDS, force: FLAG, proof: PROOF };

export const REVOKE: Rules<RevokeOptions> = {
  version: { what: "the number of a version", is: isCount },
  reason: {
    what: `one of ${REVOKE_REASONS.join(", ")}`,
    is: (value) => REVOKE_REASONS.some((reason) => reason === value),
  },
  releaseName: FLAG,
};

const TEXT_OR_NONE: Rule = { what: "a string, or null to remove it", is: (value) => value === null || TEXT.is(value) };

export const CHANGES: Rules<KeyChanges> = {
  ...{ name: TEXT, scopes: TEXTS, addScopes: TEXTS, removeScopes: TEXTS, audience: TEXTS },
  ...{ owner: TEXT_OR_NONE, note: TEXT_OR_NONE },
  tags: {
    what: "an object of strings, or null to remove a tag",
    is: (value) => isPlainObject(value) && Object.values(value).every(TEXT_OR_NONE.is),
    copy: copyRecord,
  },
  expiresAt: TIME_OR_NEVER,
};

export const READ: Rules<ReadOptions> = { digests: FLAG };

export const DEMAND: Rules<Omit<Demand, "now">> = {
  scopes: TEXTS,
  audience: { what: "a URL, or null", is: (value) => value === null || TEXT.is(value) },
};

export const KEYS: Rules<Record<"store" | "now" | "random" | "by" | "peppers", unknown>> = {
  ...{ store: STORE, now: FUNCTION, random: FUNCTION, by: TEXT, peppers: PEPPERS },
};

const REF: Rule = { ...TEXT, what: "the id or name of a key", hint: "list the keys with: keys.list()" };

/**
 * Checks the id or name of a key.
 * @throws {@link KeysError} `USAGE`
 */
export function checkRef(ref: unknown): void {
  checkArgument("the key", ref, REF);
}

/**
 * Checks that a token is a string.
 * @throws {@link KeysError} `USAGE`
 */
export function checkTokenText(token: unknown): void {
  checkArgument("the token", token, TOKEN_TEXT);
}

/** Wraps a clock and rejects fractions and NaN, which would be written to the history. */
export function wholeSeconds(now: () => Epoch): () => Epoch {
  return () => {
    const at = now();
    if (isEpoch(at)) return at;
    throw new KeysError("USAGE", "the clock of createKeys does not return whole seconds", {
      hint: "pass now: () => Math.floor(Date.now() / 1000), or omit it",
    });
  };
}
