import { count } from "../core/count.ts";
import type { Key } from "../core/key.ts";
import { weakVersion } from "../core/status.ts";
import type { Context } from "./context.ts";
import { addStore } from "./hint.ts";

/** Warns about keys whose token works and can be guessed. Names the first one. */
export function warnIfWeak({ io, flags, world }: Context, keys: readonly Key[]): void {
  const [first, ...others] = keys.filter((key) => key.enabled && weakVersion(key, world.now()) !== undefined);
  if (first === undefined) return;
  const more = others.length === 0 ? "" : ` and of ${count(others.length, "other key")}`;
  const isReplaced = weakVersion(first, world.now())?.state === "retiring";
  const advice = isReplaced
    ? `end it with: mcp-keys rotate ${first.name} --finish`
    : `replace it with: mcp-keys rotate ${first.name}`;
  const fix = addStore(advice, flags.store);
  io.warn(`the token of ${first.name}${more} can be guessed; ${fix}`);
}
