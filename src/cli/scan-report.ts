import { KeysError } from "../errors.ts";
import type { FoundInScan, TokenPlace } from "../scan/findings.ts";
import type { Context } from "./context.ts";
import { addStore } from "./hint.ts";

/** A found token, and whether the store accepts it. */
export interface JudgedToken extends FoundInScan {
  /** `valid`, a reason of a refusal, or `unchecked` if the store could not be asked. */
  readonly status: string;
  readonly name?: string;
  readonly version?: number;
  /** The command that ends it. */
  readonly fix?: string;
}

/** Ended for good: no command makes such a token work again. */
const ENDED = new Set(["expired", "revoked"]);

/** Returns whether a token works, or may work: in another store, or after `enable`. */
export function mayWork({ status }: JudgedToken): boolean {
  return !ENDED.has(status);
}

/** Asks the store about each token. A store that cannot answer is a fault, but what was found is reported first. */
export async function judgeFound(
  ctx: Context,
  found: readonly FoundInScan[],
): Promise<{ judged: JudgedToken[]; fault: KeysError | null }> {
  const judged: JudgedToken[] = [];
  let fault: KeysError | null = null;
  for (const each of found) {
    try {
      judged.push(fault === null ? await judge(ctx, each) : { ...each, status: "unchecked" });
    } catch (error) {
      if (!(error instanceof KeysError)) throw error;
      fault = error;
      judged.push({ ...each, status: "unchecked" });
    }
  }
  return { judged, fault };
}

async function judge(ctx: Context, found: FoundInScan): Promise<JudgedToken> {
  const verdict = await (await ctx.keys()).check(found.token.reveal());
  const { key, version } = verdict;
  const status = verdict.ok ? "valid" : verdict.reason;
  if (key === undefined || version === undefined) return { ...found, status };
  const judged = { ...found, status, name: key.name, version: version.n };
  if (ENDED.has(status)) return judged;
  const fix = `mcp-keys revoke ${key.name} --version ${String(version.n)} --reason compromised`;
  return { ...judged, fix: addStore(fix, ctx.flags.store) };
}

/** Renders a token as its public start, its state, its places and how to revoke it. */
export function renderFound({ paint }: Context, found: JudgedToken): string {
  const { prefix, id, status, name, version, places, more, fix } = found;
  const state = mayWork(found) ? paint.error(status) : paint.dim(status);
  const whose = name === undefined ? "" : `: ${name} (${id}), version ${String(version)}`;
  const lines = [
    `${paint.bold(`${prefix}_${id}_…`)}  ${state}${whose}`,
    ...places.map((place) => `  ${describePlace(place)}`),
  ];
  if (more > 0) lines.push(`  and ${String(more)} more places`);
  if (fix !== undefined) lines.push(`  ${paint.dim("fix:")} ${fix}`);
  else if (status === "unknown")
    lines.push(`  ${paint.dim("fix:")} no key in this store; check another one with --store`);
  return `${lines.join("\n")}\n`;
}

function describePlace({ path, line, commit }: TokenPlace): string {
  if (path === null) return `the message of ${commit?.slice(0, 12) ?? "a commit"}`;
  const at = line === 0 ? `${path} (its name)` : `${path}:${String(line)}`;
  return commit === undefined ? at : `${at} in commit ${commit.slice(0, 12)}`;
}
