/** A mistake of `program.js`, and every check that does not pass at it; the first is the one named for it. */
export const BROKEN: Readonly<Record<string, readonly [string, ...string[]]>> = {
  "forgot-key": ["accepts-valid-key"],
  "hangs-always": ["accepts-valid-key"],
  floods: ["accepts-valid-key"],
  "asks-nobody": ["requires-key", "rejects-wrong-key"],
  "warns-only": ["requires-key", "rejects-wrong-key"],
  "guards-handshake-only": ["requires-key", "rejects-wrong-key"],
  "asks-only-who-has-one": ["requires-key"],
  "takes-empty": ["requires-key"],
  "looks-for-presence": ["rejects-wrong-key"],
  "looks-at-form": ["rejects-wrong-key"],
  "compares-beginning": ["rejects-wrong-key"],
  "is-prefix-of-expected": ["rejects-wrong-key"],
  "compares-without-last": ["rejects-wrong-key"],
  "logs-key": ["hides-key-in-output"],
  "logs-key-in-pieces": ["hides-key-in-output"],
  "logs-environment": ["hides-key-in-output"],
  "masks-badly": ["hides-key-in-output"],
  "shows-expected": ["hides-key-in-output"],
  "shows-in-tools": ["hides-key-in-output"],
  "hangs-refused": ["reports-refusal"],
  "ends-with-0": ["reports-refusal"],
  "crashes-refused": ["reports-refusal"],
};

/** Not mistakes: other ways of doing it right. */
export const RIGHT = ["none", "declines", "refuses-all", "speaks-modern", "prints-banner", "ignores-end"] as const;
