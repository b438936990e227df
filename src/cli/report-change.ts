import { formatPosition } from "../core/position.ts";
import type { Updated } from "../keys/update.ts";
import type { Context } from "./context.ts";
import { keyJson } from "./json.ts";
import { confirmedJson, reportConfirmation, type Wait } from "./wait.ts";

/**
 * Ends a command that changed a key: waits for servers, prints the JSON document and says who confirmed.
 * @param more - further members of the document
 * @throws `KeysError` `NOT_CONFIRMED`, after the document
 */
export async function reportChange(
  ctx: Context,
  { key, changed, position }: Updated,
  wait: Wait | undefined,
  more: Record<string, unknown> = {},
): Promise<void> {
  const confirmation = await wait?.(position);
  if (ctx.flags.json) {
    const document = { key: keyJson(key, ctx.world.now()), ...more, changed, position: formatPosition(position) };
    await ctx.io.json({ ...document, ...confirmedJson(confirmation) });
  }
  await reportConfirmation(ctx, confirmation);
}
