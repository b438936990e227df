import { createReadStream } from "node:fs";

/**
 * Reads a file that may have no end, or a pipe as `<(ssh host cat file)` makes it.
 * @param limit - in bytes
 * @returns `null` if it is longer
 * @throws the error of the system call
 */
export async function readAtMost(path: string, limit: number): Promise<Buffer | null> {
  // `end` is inclusive: one byte more than the limit.
  const chunks: unknown[] = await createReadStream(path, { end: limit }).toArray();
  const bytes = Buffer.concat(chunks as Buffer[]);
  return bytes.length > limit ? null : bytes;
}
