import { KeysError } from "../../errors.ts";
import { parseReply, readEvents } from "./reply.ts";
import type { HttpResponse } from "../../http/http.ts";

/** Long enough for a server that refuses in a stream to end it. */
const LINGER_MS = 500;

/**
 * Whether a stream of events that nothing was asked of stays open, and says no error; some servers say no in a stream that ends.
 * Drops the connection in any case.
 * @throws `KeysError` `INTERRUPTED`
 */
export async function staysOpen(response: HttpResponse): Promise<boolean> {
  let lingered = false;
  const timer = setTimeout(() => {
    lingered = true;
    response.close();
  }, LINGER_MS);
  try {
    for await (const { data } of readEvents(response)) if (parseReply(data, "")?.error !== undefined) return false;
  } catch (error) {
    if (!(error instanceof KeysError) || error.code === "INTERRUPTED") throw error;
  } finally {
    clearTimeout(timer);
    response.close();
  }
  return lingered;
}
