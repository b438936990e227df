/** The table for a character, and those for characters that one, two and three others follow: 1 KiB each, one after the other. */
const TABLE = createTable();
const [ONE, TWO, THREE] = [256, 512, 768] as const;

/** What a CRC starts from; {@link endCrc} ends it. */
export const CRC_START = -1;

/** One character more. CRC-32/ISO-HDLC (the one of zip and Ethernet; not CRC-32C). */
export function stepCrc(crc: number, code: number): number {
  return (crc >>> 8) ^ (TABLE[(crc ^ code) & 255] ?? 0);
}

/** Four characters more, the first in the lowest byte: a quarter of the steps, each of which waits for the one before it. */
export function stepCrcBy4(crc: number, codes: number): number {
  const mixed = crc ^ codes;
  return (
    (TABLE[THREE + (mixed & 255)] ?? 0) ^
    (TABLE[TWO + ((mixed >>> 8) & 255)] ?? 0) ^
    (TABLE[ONE + ((mixed >>> 16) & 255)] ?? 0) ^
    (TABLE[mixed >>> 24] ?? 0)
  );
}

/** The CRC itself, 32 bits without a sign. */
export function endCrc(crc: number): number {
  return ~crc >>> 0;
}

function createTable(): Int32Array {
  const table = new Int32Array(4 * 256);
  for (let code = 0; code < 256; code++) {
    let crc = code;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    table[code] = crc;
  }
  for (let at = 256; at < table.length; at++) {
    const before = table[at - 256] ?? 0;
    table[at] = (before >>> 8) ^ (table[before & 255] ?? 0);
  }
  return table;
}
