import { openFileSink } from "../../src/sinks/file.ts";

/** Delivers to a file in a separate process, under a umask, another user, a limit or a kill. */

const [path = "", text = "", force = ""] = process.argv.slice(2);
try {
  const sink = await openFileSink(path, { force: force === "force", uid: process.getuid?.() ?? null });
  process.stdout.write("opened\n");
  await sink.deliver(text);
  process.stdout.write("delivered\n");
} catch (error) {
  process.stdout.write(`${JSON.stringify(error)}\n`);
}
