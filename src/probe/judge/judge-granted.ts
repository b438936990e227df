import { KeysError } from "../../errors.ts";
import { breaks, holds, untestable, type Sight } from "../check.ts";
import type { Credentials } from "../mcp/credentials.ts";
import type { Errand } from "../mcp/planned-request.ts";
import { kindOf } from "../mcp/answer-kind.ts";
import { nameAll } from "./judge-refused.ts";
import type { Seen, Site } from "../target/target.ts";

/** One exchange and what it came to. */
export interface Try {
  readonly errand: Errand;
  readonly credentials: Credentials;
  readonly seen: Seen;
}

/** Runs every errand with each of them. */
export function exchangeEach(site: Site, errands: readonly Errand[], each: readonly Credentials[]): Promise<Try[]> {
  const pairs = errands.flatMap((errand) => each.map((credentials) => ({ errand, credentials })));
  return Promise.all(
    pairs.map(async (pair) => ({ ...pair, seen: await site.exchange(pair.errand, pair.credentials) })),
  );
}

/** Whether none of them brought what it was for. No answer, a limit and a failure prove nothing. */
export function judgeOpened(tries: readonly Try[], { clean }: Site): Sight {
  const open = tries.filter(({ errand, seen }) => isOpened(errand, seen));
  if (open.length > 0) {
    return breaks(`${nameAll(open.map(({ errand }) => errand))} answered with ${nameAll(credentialsOf(open))}`);
  }
  for (const { errand, seen } of tries) {
    if (seen instanceof KeysError) return untestable(`${errand.name}: ${clean(seen.message)}`);
    if (seen.status === 429 || seen.status > 500) return untestable(`${errand.name}: ${String(seen.status)}`);
  }
  const statuses = new Set(tries.map(({ seen }) => (seen instanceof KeysError ? "" : String(seen.status))));
  return holds(`${[...statuses].join(" or ")} to ${nameAll(credentialsOf(tries))}`);
}

/** Whether the errand brought what it is for: a result, or an open stream. An error is none, whoever else gets the same. */
export function isOpened({ gives }: Errand, seen: Seen): boolean {
  if (seen instanceof KeysError || gives === "nothing") return false;
  if (gives === "stream") return seen.status === 200 && seen.stream === "open";
  return kindOf(seen) === "result";
}

function credentialsOf(tries: readonly Try[]): Credentials[] {
  return tries.map(({ credentials }) => credentials);
}
