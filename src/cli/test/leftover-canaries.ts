import { count } from "../../core/count.ts";
import { keyStatus } from "../../core/status.ts";
import { KeysError } from "../../errors.ts";
import type { Keys } from "../../keys/keys.ts";
import { hasEnded, processMark } from "../../process/process-mark.ts";
import type { Context, World } from "../context.ts";

const MADE_BY = "mcp-keys-test";

/** Returns the tags of a canary. They name the process, so that a later run can tell that it was killed. */
export function canaryTags(): Record<string, string> {
  const mark = processMark();
  return { "made-by": MADE_BY, ...(mark === null ? {} : { process: mark }) };
}

/** Revokes the canaries of runs that were killed on this machine. Those of other machines expire by themselves. */
export async function revokeLeftovers(
  { io, world }: Pick<Context, "io"> & { readonly world: Pick<World, "now"> },
  keys: Keys,
): Promise<void> {
  const isLeft = (status: string): boolean => status !== "revoked" && status !== "expired";
  const left = (await keys.list()).filter(
    (key) =>
      key.tags["made-by"] === MADE_BY && isLeft(keyStatus(key, world.now())) && hasEnded(key.tags["process"] ?? ""),
  );
  for (const { name } of left) {
    await keys.revoke(name, { reason: "unused" }).catch((error: unknown) => {
      // Another run may have been faster.
      if (!(error instanceof KeysError) || error.code !== "KEY_NOT_FOUND") throw error;
    });
  }
  if (left.length > 0) io.note(`revoked ${count(left.length, "test key")} that an earlier run left behind`);
}
