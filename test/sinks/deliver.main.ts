import { openFileSink } from "../../src/sinks/file.ts";

/** A process of its own that delivers to a file: what a umask, another user, a limit or a kill does to it. */

const [path = "", text = "", force = ""] = process.argv.slice(2);
try {
  const sink = await openFileSink(path, { force: force === "force", uid: process.getuid?.() ?? null });
  process.stdout.write("opened\n");
  await sink.deliver(text);
  process.stdout.write("delivered\n");
} catch (error) {
  process.stdout.write(`${JSON.stringify(error)}\n`);
}
