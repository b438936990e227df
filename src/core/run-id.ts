import { KeysError } from "../errors.ts";
import { containsToken } from "./find-token.ts";
import { quote } from "./generate.ts";
import { isUsable } from "./judge.ts";
import type { Epoch, Key, Version } from "./key.ts";

/**
 * Parses the id of a run: 1 to 64 letters, digits and `._:/@+-`. It starts with a letter or a digit.
 * @throws {@link KeysError} `USAGE`; `TOKEN_MISPLACED`
 */
export function parseRunId(text: string): string {
  if (containsToken(text)) throw new KeysError("TOKEN_MISPLACED", "the run id contains a token");
  if (/^[A-Za-z0-9][\w.:/@+-]{0,63}$/.test(text)) return text;
  throw new KeysError("USAGE", `${quote(text)} is not a valid run id`, {
    hint: 'use 1 to 64 letters, digits and ._:/@+-, for example --run-id "$GITHUB_RUN_ID"',
  });
}

/**
 * Returns the version that this run has made current. The run is unfinished if that version works no more and no later one was
 * promoted, or if another version of the same run is still pending: the destination may hold its token.
 */
export function versionOfRun(key: Key, runId: string, now: Epoch): Version | undefined {
  const versions = key.versions.filter((version) => version.runId === runId);
  if (versions.some(({ state }) => state === "pending")) return undefined;
  const done = versions.findLast(({ promotedAt }) => promotedAt !== undefined);
  if (done === undefined || isUsable(done, now)) return done;
  return key.versions.some(({ n, promotedAt }) => n > done.n && promotedAt !== undefined) ? done : undefined;
}
