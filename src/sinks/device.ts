import { constants, open } from "node:fs/promises";
import { KeysError } from "../errors.ts";
import { errnoOf, fileFault, writeFault } from "./file-fault.ts";
import { createSink, type Sink } from "./sink.ts";

/**
 * Opens a pipe or a character device, such as bash's `>(command)` or `/dev/tty`. It is written directly, since there is no file
 * to replace. A device of another user is refused: a pipe planted in a shared folder would receive the token.
 * @param uid - the user's id, or `null` where files have no owner
 * @throws {@link KeysError} `DELIVERY_FAILED`, also if nothing has the pipe open for reading
 */
export async function openDeviceSink(path: string, uid: number | null): Promise<Sink> {
  // Without O_NONBLOCK, opening a pipe with no reader blocks for ever, and Ctrl-C does not end it.
  const handle = await open(path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY).catch(
    (cause: unknown) => {
      if (errnoOf(cause) !== "ENXIO") throw fileFault(path, cause);
      throw new KeysError("DELIVERY_FAILED", `nothing reads ${path}`, { hint: "start the reader first", cause });
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
  return createSink(`file:${path}`, {
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
