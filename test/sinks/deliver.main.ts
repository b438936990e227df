import { openFileSink } from "../../src/sinks/file.ts";
import { openMergeSink } from "../../src/sinks/merge.ts";

/** Delivers to a file in a separate process, under a umask, another user, a limit or a kill. */

const [path = "", text = "", how = ""] = process.argv.slice(2);
const uid = process.getuid?.() ?? null;
const append = (before: string, line: string): string => `${before}${line}\n`;
const openMerge = () => openMergeSink(path, { edit: append, uid, warn: () => undefined });
try {
  for (const each of how === "merges" ? text.split(" ") : []) await (await openMerge()).deliver(each);
  if (how === "merges") process.exit();
  const sink = how === "merge" ? await openMerge() : await openFileSink(path, { force: how === "force", uid });
  process.stdout.write("opened\n");
  await sink.deliver(text);
  process.stdout.write("delivered\n");
} catch (error) {
  process.stdout.write(`${JSON.stringify(error)}\n`);
}
