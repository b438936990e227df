import { count } from "../core/count.ts";
import type { Check } from "./check.ts";
import { rateFlag } from "./mcp/request-rate.ts";
import { formatRoughTime } from "./mcp/rough-time.ts";
import type { RateStop } from "./mcp/rate-limiter.ts";
import type { Finding } from "./report/report.ts";

/** A run that the server cut short. */
export interface CutShort {
  readonly stop: RateStop;
  /** Checks of the run, in the order of the report. */
  readonly checks: readonly Check[];
  readonly findings: readonly Finding[];
  /** Whether the server accepted the valid key after that. */
  readonly stillAccepted: boolean;
  /** The command that started the run, without `--only`, `--skip` and `--rate`. */
  readonly command: string;
}

/** Returns why a check was not reached, and how long it would take. */
export function unreachedReason({ cost }: Pick<Check, "cost">, { reason, rate, blocked }: RateStop): string {
  if (rate === null) return `not reached, because ${reason}`;
  const takes = count(requestsOf(cost, blocked), "more request");
  return `not reached, because ${reason}; it takes at most ${takes}, ${formatRoughTime(requestsOf(cost, blocked) / rate)} at that rate`;
}

/** Returns whether a server that blocks this client keeps a check from proving anything. */
export function isCutOff({ cost, group }: Pick<Check, "cost" | "group">): boolean {
  return cost.requests > 0 || group === "rejection";
}

/** Returns one line: why the run stopped, what was not reached, and the command that runs only that. */
export function explainCutShort({ stop, checks, findings, stillAccepted, command }: CutShort): string {
  const missing = findings.filter(({ status, observed }) => status === "untestable" && observed.includes(stop.reason));
  const ids = missing.map(({ id }) => id);
  const left = checks.filter(({ id }) => ids.includes(id));
  const still = stillAccepted ? ", and it still accepts your key" : "";
  const head = `${stop.reason}${still}; ${count(left.length, "check")} of ${String(checks.length)} proved nothing`;
  if (left.length === 0) return head;
  const { rate } = stop;
  const seconds = rate === null ? null : left.reduce((sum, { cost }) => sum + requestsOf(cost, stop.blocked) / rate, 0);
  const time = seconds === null ? "" : `, which takes at most ${formatRoughTime(seconds)}`;
  const pace = rate === null ? "" : ` --rate ${rateFlag(rate * 0.9)}`;
  const patience =
    seconds === null ? "" : `; or let a whole run wait, with --patience ${String(Math.ceil(seconds / 60))}m`;
  const when = stop.blocked && rate === null ? "when it accepts your key again, run" : "run";
  return `${head}; ${when} only these${time}: ${command}${pace} ${selectionOf(left, checks)}${patience}`;
}

/** Selects the checks that are left by the shorter of two flags. */
function selectionOf(left: readonly Check[], checks: readonly Check[]): string {
  const flag = (name: string, each: readonly Check[]): string => `${name} ${each.map(({ id }) => id).join(",")}`;
  const only = flag("--only", left);
  const skip = flag(
    "--skip",
    checks.filter((check) => !left.includes(check)),
  );
  return skip.length < only.length && left.length < checks.length ? skip : only;
}

/** A server that limits the valid key too limits all requests. */
function requestsOf({ requests, wrong }: Check["cost"], blocked: boolean): number {
  return Math.max(1, blocked ? requests : wrong);
}
