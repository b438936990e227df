import { openCommandSink } from "./command.ts";
import { openFileSink } from "./file.ts";
import type { Sink } from "./sink.ts";
import { openStdoutSink } from "./stdout.ts";

/**
 * Every kind of sink. Each is opened with what it alone needs. To add one: a file beside this one, a line here, its flag in the
 * commands that deliver, and its ways to fail in `test/sinks`.
 */
export const sinks = {
  stdout: openStdoutSink,
  file: openFileSink,
  command: openCommandSink,
} as const satisfies Record<string, (...options: never[]) => Promise<Sink>>;

export type SinkName = keyof typeof sinks;
