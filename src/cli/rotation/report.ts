import { formatDuration, formatTime } from "../../core/duration.ts";
import { formatPosition } from "../../core/position.ts";
import type { Rotated } from "../../keys/rotate.ts";
import type { Context } from "../context.ts";
import { describeDelivery, type Delivery } from "../delivery.ts";
import { expiryText, warnIfShort } from "../expiry.ts";
import { addStore } from "../hint.ts";
import { keyJson, versionJson } from "../json.ts";
import type { RotateFlags } from "./flags.ts";
import { keyLabel } from "../terminal/render.ts";

/** Says what a rotation did, and until when the old tokens work. */
export function reportRotation(
  { io, world, flags }: Context,
  { key, version, retiring }: Rotated,
  { delivery, overlap }: { readonly delivery: Delivery; readonly overlap: number },
): void {
  const now = world.now();
  io.note(
    `version ${String(version.n)} of ${keyLabel(key)} is current; ${expiryText(version.expiresAt, now)}; ${describeDelivery(delivery)}`,
  );
  warnIfShort(io, key.name, version.expiresAt, now);
  for (const { n, retiresAt, promotedAt } of retiring) {
    io.note(`version ${String(n)} works until ${retiresAt === undefined ? "it is retired" : formatTime(retiresAt)}`);
    // With --overlap 0s the user expects that no old token works.
    if (promotedAt !== undefined && overlap > 0) continue;
    const why = promotedAt === undefined ? "another run may have delivered its token" : "it is of an earlier rotation";
    io.note(addStore(`${why}; to end it now: mcp-keys revoke ${key.name} --version ${String(n)} --yes`, flags.store));
  }
  if (!key.enabled)
    io.warn(`${key.name} is disabled: servers refuse both tokens until you run: mcp-keys enable ${key.name}`);
  if (retiring.length > 0) io.next(`mcp-keys rotate ${key.name} --finish`);
}

/** The document that `rotate --json` prints; without the token. */
export function rotationJson(
  { world }: Context,
  { key, version, changed, retiring, position }: Rotated,
  { runId }: Pick<RotateFlags, "runId">,
): Record<string, unknown> {
  const last = retiring.at(-1);
  return {
    key: keyJson(key, world.now()),
    version: versionJson(version, world.now()),
    changed,
    position: formatPosition(position),
    ...(runId !== undefined && { runId }),
    retiring: last?.retiresAt === undefined ? null : { n: last.n, until: formatTime(last.retiresAt) },
  };
}

/** Says why there is nothing to rotate. */
export function describeUnchanged({ key, version }: Rotated, { runId, ifOlderThan = 0 }: RotateFlags): string {
  const reason =
    runId !== undefined && version.runId === runId
      ? `was made current by run ${runId}, which is done`
      : `is younger than ${formatDuration(ifOlderThan)}`;
  return `nothing to do: version ${String(version.n)} of ${keyLabel(key)} ${reason}`;
}
