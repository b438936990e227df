import { containsToken } from "../../core/find-token.ts";
import { createRedact } from "../../core/redact.ts";
import { Secret } from "../../core/secret.ts";
import type { RequestView } from "../guard/request-view.ts";

/** The most characters of a text from a client in a record. */
const LIMIT = 128;
/** The most characters that are searched for a token, which may start before {@link LIMIT} and end after it. */
const SEARCHED = 8 * LIMIT;
/** Shorter words in a header are schemes, such as `Bearer`. */
const SHORTEST = 8;
/** The most words of a request that are treated as tokens. More are no tokens, and each costs time. */
const WORDS = 16;

/** Makes text of a client safe for a record; `null` stays `null`. */
export type SafeText = (text: string | null) => string | null;

/**
 * Returns a function that makes texts of a request safe to record: one line of at most 128 characters, without control characters
 * and without tokens, those of the request in any format.
 * @param header - the header for bare tokens
 */
export function createSafeText(view: RequestView, header: string): SafeText {
  const places = `${view.header("authorization") ?? ""} ${view.header(header) ?? ""} ${view.query}`;
  const words = places.slice(0, 16_384).split(/[\s,&=]+/);
  const redact = createRedact(
    words
      .filter((word) => word.length >= SHORTEST)
      .slice(0, WORDS)
      .map((word) => new Secret(word)),
  );
  return (text) => {
    if (text === null) return null;
    const plain = redact(text, SEARCHED);
    if (containsToken(plain)) return "[secret]";
    return plain.length > LIMIT ? `${plain.slice(0, LIMIT - 1)}…` : plain;
  };
}
