import type { Context } from "../context.ts";

/** A progress line at the bottom of the terminal. */
export interface Progress {
  show(text: string): void;
  /** Removes the line, before other output and at the end. */
  clear(): void;
}

/** Opens a progress line on stderr, if that is a terminal. The line is gone at the end of the run, also after Ctrl-C. */
export function openProgress(ctx: Context): Progress {
  const { world, flags, paint } = ctx;
  const { stderr } = world.streams;
  const isEnabled = stderr.isTerminal && !flags.quiet && !flags.verbose && world.env["TERM"] !== "dumb";
  if (!isEnabled) return { show: () => undefined, clear: () => undefined };
  let isShowing = false;
  const write = (text: string): void => {
    stderr.write(text).catch(() => undefined);
  };
  const clear = (): void => {
    if (isShowing) write("\r\u001b[2K");
    isShowing = false;
  };
  ctx.atEnd(() => {
    clear();
    return Promise.resolve();
  });
  return {
    show: (text) => {
      write(`\r\u001b[2K${paint.dim(text.slice(0, stderr.columns - 1))}`);
      isShowing = true;
    },
    clear,
  };
}
