import { constants, open } from "node:fs/promises";
import { KeysError } from "../errors.ts";
import { errnoOf, fileFault } from "./file-fault.ts";
import { once } from "./once.ts";
import type { Sink } from "./sink.ts";
import { writeFault } from "./write-fault.ts";

/**
 * A pipe or a character device, such as `>(command)` of bash or `/dev/tty`: opened and written as it is, since there is nothing
 * to replace. Somebody else's is refused, or a pipe left in a shared folder would catch the token.
 * @param uid - The user, or `null` where files have no owner.
 * @throws {@link KeysError} `DELIVERY_FAILED`, also when nobody has the pipe open for reading
 */
export async function openDeviceSink(path: string, uid: number | null): Promise<Sink> {
  // Without O_NONBLOCK a pipe that nobody reads would hold the run for ever, past any Ctrl-C.
  const handle = await open(path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY).catch(
    (cause: unknown) => {
      if (errnoOf(cause) !== "ENXIO") throw fileFault(path, cause);
      throw new KeysError("DELIVERY_FAILED", `nobody reads ${path}`, { hint: "start what reads it first", cause });
    },
  );
  const found = await handle.stat();
  const reason =
    !found.isFIFO() && !found.isCharacterDevice()
      ? "is neither a file nor a pipe"
      : uid !== null && found.uid !== uid && found.uid !== 0
        ? "belongs to another user"
        : null;
  if (reason !== null) {
    await handle.close();
    throw new KeysError("DELIVERY_FAILED", `${path} ${reason}`, { hint: "choose another file" });
  }
  return once(`file:${path}`, {
    deliver: async (text) => {
      try {
        await handle.writeFile(text);
      } catch (cause) {
        throw writeFault(path, text, cause);
      } finally {
        await handle.close().catch(() => undefined);
      }
    },
    discard: () => handle.close(),
  });
}
