import { formatPosition } from "../core/position.ts";
import type { Updated } from "../keys/update.ts";
import type { Context } from "./context.ts";
import { keyJson } from "./json.ts";
import { confirmedJson, reportConfirmation, type Wait } from "./wait.ts";

/** What a command says about its change. */
export interface ChangeReport {
  readonly wait: Wait | undefined;
  /** Says what was changed, in lines for a person. */
  readonly say: () => void;
  /** Further members of the JSON document. */
  readonly more?: Readonly<Record<string, unknown>>;
}

/**
 * Ends a command that changed a key: says what was changed, waits for servers and says who confirmed. With `--json`, nothing is said
 * before the document, because it may turn out that nothing reads it.
 * @throws `KeysError` `NOT_CONFIRMED`, after everything else
 */
export async function reportChange(
  ctx: Context,
  { key, changed, position }: Updated,
  { wait, say, more = {} }: ChangeReport,
): Promise<void> {
  if (!ctx.flags.json) say();
  const confirmation = await wait?.(position);
  if (ctx.flags.json) {
    const document = { key: keyJson(key, ctx.world.now()), ...more, changed, position: formatPosition(position) };
    await ctx.io.json({ ...document, ...confirmedJson(confirmation) });
    say();
  }
  await reportConfirmation(ctx, confirmation);
}
