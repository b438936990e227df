/** Mistakes of `program.js`, with exactly the checks that do not pass. The first is the one named for the mistake. */
export const BROKEN_PROGRAMS: Readonly<Record<string, readonly [string, ...string[]]>> = {
  "rejects-valid-key": ["accepts-valid-key"],
  "hangs-always": ["accepts-valid-key"],
  "prints-without-end": ["accepts-valid-key"],
  "requires-no-key": ["requires-key", "rejects-wrong-key"],
  "only-warns": ["requires-key", "rejects-wrong-key"],
  "guards-only-handshake": ["requires-key", "rejects-wrong-key"],
  "accepts-missing-key": ["requires-key"],
  "accepts-empty-key": ["requires-key"],
  "accepts-any-key": ["rejects-wrong-key"],
  "accepts-any-well-formed-key": ["rejects-wrong-key"],
  "compares-only-start": ["rejects-wrong-key"],
  "accepts-prefix": ["rejects-wrong-key"],
  "ignores-last-character": ["rejects-wrong-key"],
  "logs-key": ["hides-key-in-output"],
  "logs-key-in-pieces": ["hides-key-in-output"],
  "logs-environment": ["hides-key-in-output"],
  "masks-too-little": ["hides-key-in-output"],
  "shows-expected-key": ["hides-key-in-output"],
  "shows-key-in-tools": ["hides-key-in-output"],
  "hangs-on-wrong-key": ["reports-refusal"],
  "exits-with-0": ["reports-refusal"],
  "crashes-on-wrong-key": ["reports-refusal"],
};

/** Variants of `program.js` without a mistake. */
export const CORRECT_PROGRAMS = [
  "none",
  "declines",
  "refuses-every-message",
  "speaks-modern",
  "prints-banner",
  "ignores-sigterm",
] as const;
