import { KeysError, type Code } from "../errors.ts";
import type { Outcome } from "../probe/verify/verification.ts";

/**
 * Which of the two tokens of a rotation was presented: before the promotion the new and the old one, and for `--finish` the current and
 * the retiring one, which servers must refuse.
 */
export type ProvenToken = "new" | "old" | "current" | "retiring";

/** A server that did not accept a token, or not refuse the retiring one. */
export interface ProofFailure {
  readonly url: string;
  readonly outcome: Outcome;
  readonly hint: string | undefined;
}

/** Outcomes that do not change with time. */
export const FINAL: Partial<Record<Outcome, true>> = { "not-enforced": true, "insecure-transport": true };

/** Outcome → the error, the gravest first. */
const FAILURES: Readonly<
  Record<ProofFailure["outcome"], readonly [code: Code, describe: (server: string, token: string) => string]>
> = {
  "not-enforced": ["SERVER_UNPROTECTED", (server) => `${server} accepts any token, which proves nothing`],
  enforced: ["ROTATION_UNPROVEN", (server, token) => `${server} still accepts ${token}`],
  "insecure-transport": ["INSECURE_TRANSPORT", (server, token) => `${token} is not sent over plain http to ${server}`],
  refused: ["TOKEN_REFUSED", (server, token) => `${server} refuses ${token}`],
  forbidden: ["TOKEN_REFUSED", (server, token) => `${server} accepts ${token} but forbids what it asks for`],
  "not-mcp": ["SERVER_NOT_MCP", (server) => `${server} does not lead to an MCP server`],
  unreachable: ["SERVER_UNREACHABLE", (server) => `${server} did not answer`],
  "server-error": ["SERVER_UNREACHABLE", (server) => `${server} failed`],
};

/** Servers that a message names. */
const NAMED = 5;

/** What follows the failure, and the hint. Before the delivery, the rotation itself says what follows. */
const EARLY: readonly [consequence: null, next: string] = [null, "fix it and run the same command again"];
const ENDINGS: Readonly<Record<ProvenToken, readonly [consequence: string | null, next: string]>> = {
  new: [
    "the old token stays current",
    "run the same command again, or give up the new token with --abort; both tokens work until then",
  ],
  old: [
    "no version was retired and the old one stays current",
    "let each server accept both tokens, because clients that still use the old one would be locked out, and run the same command again; or give up the new token with --abort",
  ],
  current: [
    "no version was retired",
    "give each server the current token and run the same command again, or override with --force",
  ],
  retiring: [
    "no version was retired",
    "replace the old token there and run the same command again, or override with --force",
  ],
};

const NAMES: Readonly<Record<ProvenToken, string>> = { new: "new", old: "old", current: "current", retiring: "old" };

/**
 * Builds the error of a proof that failed. It names the servers; code and hint are those of the gravest failure.
 * @param failures - at least one
 * @param servers - how many servers were tried
 * @param isDelivered - whether somebody has the new token
 */
export function describeFailures(
  failures: readonly ProofFailure[],
  servers: number,
  { which, isDelivered }: { which: ProvenToken; isDelivered: boolean },
): KeysError {
  const outcomes = Object.keys(FAILURES);
  const sorted = failures.toSorted((a, b) => outcomes.indexOf(a.outcome) - outcomes.indexOf(b.outcome));
  const [worst] = sorted;
  if (worst === undefined) throw new KeysError("BUG", "a proof failed at no server");
  const each = sorted
    .slice(0, NAMED)
    .map(({ url, outcome }) => FAILURES[outcome][1](nameServer(url), `the ${NAMES[which]} token`));
  const more = sorted.length > NAMED ? [`${String(sorted.length - NAMED)} more`] : [];
  const tally = servers > 1 ? `${String(failures.length)} of ${String(servers)} servers: ` : "";
  const [consequence, next] = isDelivered ? ENDINGS[which] : EARLY;
  const texts = [...each, ...more, ...(consequence === null ? [] : [consequence])];
  // The hint of the server is about a key that it should accept.
  const isExplained = which === "old" && worst.outcome === "refused";
  return new KeysError(FAILURES[worst.outcome][0], `${tally}${texts.join("; ")}`, {
    hint: worst.hint === undefined || isExplained ? next : `${worst.hint}; then ${next}`,
  });
}

/** Names a server without the query of its URL, which may contain a secret. */
export function nameServer(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}
