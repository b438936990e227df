/** The sums of all half bytes: a table of 16 is enough for a short text, and takes no time to load, which `node:zlib` does. */
const TABLE = Uint32Array.from({ length: 16 }, (_, half) => {
  let sum = half;
  for (let bit = 0; bit < 4; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  return sum >>> 0;
});

/** Returns the CRC-32 of an ASCII text, as gzip and PNG use it. */
export function crc32(text: string): number {
  let sum = 0xffffffff;
  for (let at = 0; at < text.length; at++) {
    sum ^= text.charCodeAt(at);
    sum = (sum >>> 4) ^ (TABLE[sum & 15] ?? 0);
    sum = (sum >>> 4) ^ (TABLE[sum & 15] ?? 0);
  }
  return (sum ^ 0xffffffff) >>> 0;
}
