/** A mistake of `program.js`, and every check that does not pass at it; the first is the one named for it. */
export const BROKEN: Readonly<Record<string, readonly [string, ...string[]]>> = {
  "forgot-key": ["starts-with-key"],
  "hangs-always": ["starts-with-key"],
  floods: ["starts-with-key"],
  "asks-nobody": ["refuses-no-key", "refuses-wrong-key"],
  "warns-only": ["refuses-no-key", "refuses-wrong-key"],
  "guards-handshake-only": ["refuses-no-key", "refuses-wrong-key"],
  "asks-only-who-has-one": ["refuses-no-key"],
  "takes-empty": ["refuses-no-key"],
  "looks-for-presence": ["refuses-wrong-key"],
  "looks-at-form": ["refuses-wrong-key"],
  "compares-beginning": ["refuses-wrong-key"],
  "is-prefix-of-expected": ["refuses-wrong-key"],
  "compares-without-last": ["refuses-wrong-key"],
  "logs-key": ["prints-no-key"],
  "logs-key-in-pieces": ["prints-no-key"],
  "logs-environment": ["prints-no-key"],
  "masks-badly": ["prints-no-key"],
  "shows-expected": ["prints-no-key"],
  "shows-in-tools": ["prints-no-key"],
  "hangs-refused": ["says-no"],
  "ends-with-0": ["says-no"],
  "crashes-refused": ["says-no"],
};

/** Not mistakes: other ways of doing it right. */
export const RIGHT = ["none", "declines", "refuses-all", "speaks-modern", "prints-banner", "ignores-end"] as const;
