import { formatTime } from "../../core/duration.ts";
import { endOf, isUsable } from "../../core/judge.ts";
import type { Epoch, Key, Version } from "../../core/key.ts";
import { rotationStep, type RotationStep } from "../../core/rotation-step.ts";
import { keyStatus } from "../../core/status.ts";
import type { Context } from "../context.ts";
import { addStore } from "../hint.ts";
import { keyJson } from "../json.ts";
import { keyLabel, renderFields, renderTable } from "../terminal/render.ts";
import { lineWidth } from "../terminal/text-width.ts";
import { evidenceText } from "./evidence-text.ts";

/** Runs `rotate <key> --status`: shows the rotation in progress, from the store alone. */
export async function runStatus(ctx: Context, ref: string): Promise<void> {
  const { io, paint, world } = ctx;
  const key = await (await ctx.keys()).get(ref, { digests: false });
  const now = world.now();
  const progress = rotationStep(key, now);
  if (ctx.flags.json) {
    const runId = progress?.version.runId;
    await io.json({ key: keyJson(key, now), step: progress?.step ?? null, ...(runId !== undefined && { runId }) });
    return;
  }
  const width = lineWidth(world.streams.stdout);
  const working = key.versions.filter((version) => isUsable(version, now));
  const fields = renderFields(
    paint,
    [
      ["key", keyLabel(key)],
      ["status", paint.status(keyStatus(key, now))],
      ["step", describeStep(progress, working)],
      progress?.version.runId === undefined ? null : ["run", progress.version.runId],
      progress === null ? null : ["next", addStore(nextCommand(key, progress), ctx.flags.store)],
    ],
    width,
  );
  const rows = working.map((version) => [
    { text: String(version.n) },
    { text: version.state },
    { text: endOf(version) === Infinity ? "never ends" : formatTime(endOf(version)) },
    { text: version.lastUsedAt === null ? "never" : formatTime(version.lastUsedAt) },
  ]);
  const table = renderTable(paint, ["VERSION", "STATE", "WORKS UNTIL", "LAST USED"], rows, width);
  await io.print(rows.length === 0 ? fields : `${fields}\n${table}${await evidenceText(ctx, key)}`);
}

function describeStep(progress: RotationStep | null, working: readonly Version[]): string {
  if (working.length === 0) return "none: no version works";
  if (progress === null) return "none: no rotation is in progress";
  const { step, version } = progress;
  if (step === "deliver") return `deliver: version ${String(version.n)} is staged; its token may have arrived`;
  const old = working.filter(({ state }) => state === "retiring");
  const [last, ...others] = old.map(({ n }) => String(n)).reverse();
  if (others.length === 0) return `overlap: version ${String(last)} works until ${lastEnd(old)}`;
  const latest = new Set(old.map(endOf)).size === 1 ? "" : " at the latest";
  return `overlap: versions ${others.reverse().join(", ")} and ${String(last)} work until ${lastEnd(old)}${latest}`;
}

function lastEnd(versions: readonly Version[]): string {
  const end: Epoch = Math.max(...versions.map(endOf));
  return formatTime(end);
}

function nextCommand({ name, versions }: Key, { step, version }: RotationStep): string {
  if (step === "overlap") return `mcp-keys rotate ${name}${version.state === "current" ? " --finish" : ""}`;
  const canReturn = versions.some(({ promotedAt }) => promotedAt !== undefined);
  const abort = canReturn ? `, or give up the new token: mcp-keys rotate ${name} --abort` : "";
  return `finish it with the same flags as before: mcp-keys rotate ${name}${abort}`;
}
