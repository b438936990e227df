import type { Context } from "../context.ts";

/** One line at the bottom of a terminal that tells how far a run is; nothing anywhere else. */
export interface Progress {
  show(text: string): void;
  /** Takes the line away, before something else is written and at the end. */
  clear(): void;
}

/** The line is on stderr, and leaves nothing behind, however the run ends. */
export function openProgress(ctx: Context): Progress {
  const { world, flags, paint } = ctx;
  const { stderr } = world.streams;
  const isShown = stderr.isTerminal && !flags.quiet && !flags.verbose && world.env["TERM"] !== "dumb";
  if (!isShown) return { show: () => undefined, clear: () => undefined };
  let standing = false;
  const write = (text: string): void => {
    stderr.write(text).catch(() => undefined);
  };
  const clear = (): void => {
    if (standing) write("\r\u001b[2K");
    standing = false;
  };
  ctx.atEnd(() => {
    clear();
    return Promise.resolve();
  });
  return {
    show: (text) => {
      write(`\r\u001b[2K${paint.dim(text.slice(0, stderr.columns - 1))}`);
      standing = true;
    },
    clear,
  };
}
