import type { IncomingMessage, Server } from "node:http";

/** Entries of `rawHeaders`, two for each header, up to which Node reads unless `maxHeadersCount` is set. */
const DEFAULT_LIMIT = 2_000;

/**
 * Returns the headers of a request as alternating names and values. `rawHeaders` has what the client sent: `headers` drops
 * repeated ones and those above Node's limit. Serverless adapters and mocks fill only `headers`.
 */
export function listHeaders(request: IncomingMessage): readonly string[] {
  const raw = request.rawHeaders as readonly string[] | undefined;
  if (raw !== undefined && raw.length > 0) return raw;
  const headers = (request.headers as Record<string, string | number | string[] | undefined> | undefined) ?? {};
  return Object.entries(headers).flatMap(([name, value]) => [value ?? []].flat().flatMap((one) => [name, String(one)]));
}

/**
 * Tests whether Node may have dropped headers. It cuts `headers` at the limit and `rawHeaders` a little later, so at the limit a
 * complete list looks like one that was cut. HTTP/2 resets the stream instead.
 * @param length - of the list of names and values
 */
export function isCut(request: IncomingMessage, length: number): boolean {
  const { maxHeadersCount } = (request.socket as { server?: Partial<Server> } | undefined)?.server ?? {};
  // As Node computes it: anything but a number means the default, and 0 or less no limit.
  const limit = typeof maxHeadersCount === "number" ? maxHeadersCount << 1 : DEFAULT_LIMIT;
  return limit > 0 && length >= limit && request.httpVersionMajor < 2;
}
