import type { Key } from "../../core/key.ts";
import { maskTokens } from "../../core/find-token.ts";
import { isAborted } from "../../core/rotate.ts";
import { rotationStep } from "../../core/rotation-step.ts";
import { CODES, KeysError } from "../../errors.ts";
import type { Context } from "../context.ts";
import { addStore } from "../hint.ts";
import { keyJson } from "../json.ts";
import { unexpected } from "../unexpected.ts";
import { keyLabel } from "../terminal/render.ts";
import { chooseKeys, describeLeftOut } from "./choose-keys.ts";
import type { RotateFlags } from "./flags.ts";
import { nameOut, refuseSameFile } from "./out-name.ts";

/** Runs `rotate` in one of its forms for one key. */
export type RunOne = (ctx: Context, ref: string, flags: RotateFlags) => Promise<void>;

/** What became of one key. */
interface KeyResult {
  readonly key: Key;
  /** What the form prints with `--json`. */
  readonly document?: Readonly<Record<string, unknown>>;
  readonly error?: KeysError;
  /** Present if the run was interrupted before this key. */
  readonly untried?: true;
}

/** Milliseconds after Ctrl-C for the report. */
const REPORT_LIMIT = 2_000;
/** Exit statuses, the gravest first. */
export const GRAVITY: readonly number[] = [130, 1, 8, 6, 5, 4, 7, 3, 2];

/**
 * Runs `rotate --all`: one key after the other, in the order of creation. It goes on after a failure; an interruption ends it. Either
 * way each key has one result.
 * @param runOne - rotates one key, or shows or ends its rotation
 * @throws {@link KeysError} `KEY_NOT_FOUND` if no key is chosen; what `runOne` throws for a usage that is wrong for every key
 */
export async function runAll(ctx: Context, flags: RotateFlags, runOne: RunOne): Promise<void> {
  const { io, world } = ctx;
  const all = await (await ctx.store()).list({ digests: false });
  const { chosen, leftOut } = chooseKeys(all, flags, world.now());
  if (leftOut.length > 0) io.note(`left out, because --all takes active keys only: ${describeLeftOut(leftOut)}`);
  if (flags.out !== undefined) refuseSameFile(chosen, world.platform);
  const running = runEach(ctx, chosen, flags, runOne).then((results) => report(ctx, results));
  // After Ctrl-C, the report still says which keys are done.
  ctx.atEnd(() => running.catch(() => undefined), REPORT_LIMIT);
  await running;
}

async function runEach(ctx: Context, keys: readonly Key[], flags: RotateFlags, runOne: RunOne): Promise<KeyResult[]> {
  const results: KeyResult[] = [];
  for (const key of keys) {
    const result = ctx.world.interrupted.aborted
      ? { key, error: new KeysError("INTERRUPTED", "interrupted before this key"), untried: true as const }
      : await attempt(ctx, key, flags, { runOne, isFirst: results.length === 0 });
    const { error, untried } = result;
    // The flags are the same for all keys.
    if (error !== undefined && CODES[error.code].exit === CODES.USAGE.exit && results.length === 0) throw error;
    results.push(result);
    if (error !== undefined && untried !== true && !ctx.flags.json)
      ctx.io.fail(`${key.name}: ${maskTokens(error.message)}`, error.hint);
  }
  return results;
}

async function attempt(
  ctx: Context,
  key: Key,
  flags: RotateFlags,
  { runOne, isFirst }: { runOne: RunOne; isFirst: boolean },
): Promise<KeyResult> {
  if (flags.abort === true && rotationStep(key, ctx.world.now()) === null && !isAborted(key)) {
    ctx.io.note(`${keyLabel(key)}: there is no rotation to undo`);
    return { key, document: { key: keyJson(key, ctx.world.now()), changed: false } };
  }
  const documents: Readonly<Record<string, unknown>>[] = [];
  const tidies: (() => Promise<void>)[] = [];
  const io = {
    ...ctx.io,
    next: () => undefined,
    print: (text: string) => ctx.io.print(isFirst ? text : `\n${text}`),
    json: async (document: Readonly<Record<string, unknown>>) => void documents.push(document),
  };
  const atEnd: Context["atEnd"] = (tidy, limit) => {
    tidies.push(tidy);
    ctx.atEnd(tidy, limit);
  };
  // Some members are getters that are costly to read.
  const own = Object.create(ctx, { io: { value: io }, atEnd: { value: atEnd } }) as Context;
  try {
    await runOne(own, key.id, nameOut(flags, key));
    return { key, ...(documents[0] !== undefined && { document: documents[0] }) };
  } catch (error) {
    const failure = error instanceof KeysError ? error : unexpected(error);
    // This is about the run, not about the key.
    if (failure.code === "OUTPUT_FAILED") throw failure;
    // The failed run may have left a version behind.
    const now = await (await ctx.store()).get(key.id, { digests: false }).catch(() => null);
    return { key: now ?? key, error: failure };
  } finally {
    // The destinations of one key are closed before those of the next are opened.
    await Promise.allSettled(tidies.map((tidy) => tidy()));
  }
}

async function report(ctx: Context, results: readonly KeyResult[]): Promise<void> {
  const { io } = ctx;
  const untried = results.filter((result) => result.untried === true).map(({ key }) => key.name);
  const failed = results.flatMap(({ key, error, untried: skipped }) =>
    error === undefined || skipped === true ? [] : [{ key, error }],
  );
  const done = results.filter(({ error }) => error === undefined).map(({ key }) => key.name);
  if (ctx.flags.json) {
    const documents = results.map((result) => resultJson(ctx, result));
    await io.json({ results: documents });
  }
  if (failed.length + untried.length > 0) io.note(`done: ${done.length === 0 ? "none" : done.join(", ")}`);
  if (failed.length > 0) {
    io.note(`failed: ${failed.map(({ key, error }) => `${key.name} (${error.code})`).join(", ")}`);
  }
  if (untried.length > 0) io.note(`not tried: ${untried.join(", ")}`);
  const statuses = failed.map(({ error }) => CODES[error.code].exit);
  const worst = GRAVITY.find((status) => statuses.some((each) => each === status));
  if (failed.length > 0) ctx.setExitStatus(worst ?? CODES.BUG.exit);
}

function resultJson({ flags, world }: Context, { key, document, error }: KeyResult): Readonly<Record<string, unknown>> {
  if (error === undefined) return document ?? {};
  const { code, message, hint } = error.toJSON();
  const masked = { code, message: maskTokens(message), hint: addStore(hint, flags.store) };
  return { key: keyJson(key, world.now()), error: masked };
}
