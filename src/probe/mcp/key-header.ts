import { KeysError } from "../../errors.ts";
import { BEARER, type KeyHeader } from "./credentials.ts";

/** Headers that mean something else to HTTP or MCP, or that every request has already. */
const TAKEN =
  /^(?:accept|connection|content-|cookie|expect|host|mcp-|origin|proxy-|te$|trailer|transfer-|upgrade|user-agent)/;

/**
 * Reads where a server wants the key: `X-API-Key`, which then holds the key alone, or `Authorization: ApiKey` for another scheme.
 * @throws {@link KeysError} `USAGE`
 */
export function parseKeyHeader(text: string): KeyHeader {
  const [, scheme = null] = /^authorization: ?([\w.~-]{1,40})$/i.exec(text) ?? [];
  if (scheme !== null) return scheme.toLowerCase() === "bearer" ? BEARER : { name: "authorization", scheme };
  const name = text.toLowerCase();
  if (/^[\w!#$%&'*+.^`|~-]{1,100}$/.test(name) && !TAKEN.test(name)) return { name, scheme: null };
  throw new KeysError("USAGE", "that is no header for a key", {
    hint: "its name alone, such as X-API-Key, or 'Authorization: ApiKey' for another scheme; the key itself never goes there",
  });
}
