import { KeysError } from "../../errors.ts";

/** UTF-16 text of ASCII characters has a zero in every second byte. */
const NUL = 0;

/**
 * Decodes what was piped in, or read from a file. A byte order mark of UTF-8 is dropped.
 * @throws {@link KeysError} `TOKEN_UNUSABLE` for UTF-16, which Windows PowerShell 5 writes with `>`
 */
export function decodeInput(bytes: Buffer, source = "standard input"): string {
  const [first, second] = bytes;
  const hasMark = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  if (hasMark || (bytes.length > 1 && (first === NUL) !== (second === NUL))) {
    throw new KeysError("TOKEN_UNUSABLE", `${source} is UTF-16, as Windows PowerShell writes it with >`, {
      hint: "write the file as ASCII: <command> | Out-File -Encoding ascii <file>; or use: mcp-keys generate --out <file>",
    });
  }
  return new TextDecoder().decode(bytes);
}
