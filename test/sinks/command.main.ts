import { openCommandSink } from "../../src/sinks/command.ts";

/** Delivers to a command from a terminal and handles Ctrl-C as the CLI does. Run as a separate process. */

const [command = "", text = ""] = process.argv.slice(2);
const interruption = new AbortController();
process.on("SIGINT", () => {
  interruption.abort();
});
const sink = await openCommandSink(command, {
  env: process.env,
  signal: interruption.signal,
  terminal: true,
  grace: 0,
});
const error: unknown = await sink.deliver(text).catch((reason: unknown) => reason);
process.stdout.write(`end ${JSON.stringify(error)}\n`);
