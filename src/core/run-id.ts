import { KeysError } from "../errors.ts";
import { containsToken } from "./find-token.ts";
import { quote } from "./generate.ts";
import { isUsable } from "./judge.ts";
import type { Epoch, Key, Version } from "./key.ts";
import { mayOutlast } from "./rotate.ts";

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

/** Notes that the run of a version has ended without finishing: it delivers no more. Returns `null` if there is nothing to note. */
export function endRun(key: Key, n: number): Key | null {
  const endedBefore = key.versions.length + 1;
  const isOpen = (version: Version): boolean =>
    version.n === n && version.runId !== undefined && version.endedBefore === undefined;
  if (!key.versions.some(isOpen)) return null;
  return { ...key, versions: key.versions.map((each) => (isOpen(each) ? { ...each, endedBefore } : each)) };
}

/**
 * Returns the version that this run has made current. The run is unfinished if that version works no more and no later one was
 * promoted, or if another attempt of the same run may have delivered after it.
 */
export function versionOfRun(key: Key, runId: string, now: Epoch): Version | undefined {
  const versions = key.versions.filter((version) => version.runId === runId);
  const done = versions.findLast(({ promotedAt }) => promotedAt !== undefined);
  if (done === undefined || versions.some(({ state }) => state === "pending")) return undefined;
  if (key.versions.some(({ n, promotedAt }) => n > done.n && promotedAt !== undefined)) return done;
  const mayBeLast = (version: Version): boolean => {
    const { state, promotedAt, endedBefore } = version;
    if (promotedAt !== undefined || state === "revoked") return false;
    // An attempt that was killed leaves no end. A second promotion after it settles what the destination holds.
    return endedBefore === undefined ? mayOutlast(key, version, done) : endedBefore > done.n;
  };
  return isUsable(done, now) && !versions.some(mayBeLast) ? done : undefined;
}
