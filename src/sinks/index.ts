import { openCommandSink } from "./command.ts";
import { openFileSink } from "./file.ts";
import { openMergeSink } from "./merge.ts";
import type { Sink } from "./sink.ts";
import { openStdoutSink } from "./stdout.ts";

/**
 * Every sink, each opened with its own options. To add one: a file next to this one, a line here, a flag in
 * `src/cli/destinations.ts`, and its failures in `test/sinks`.
 */
export const sinks = {
  stdout: openStdoutSink,
  file: openFileSink,
  merge: openMergeSink,
  command: openCommandSink,
} as const satisfies Record<string, (...options: never[]) => Promise<Sink>>;

export type SinkName = keyof typeof sinks;
