import { randomInt } from "node:crypto";
import { expect, onTestFinished } from "vitest";

const BODY = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" });
const HEADERS = { "content-type": "application/json", accept: "application/json, text/event-stream" };
/** Milliseconds from the answer of a request to the next request of the same client. */
const PAUSE = 250;

/** Clients of a server that use a token again and again. */
export interface Clients {
  /** Returns how many requests were answered with 200, with the newest token that a client had then and with an older one. */
  readonly accepted: () => { readonly newest: number; readonly older: number };
  /** What any other answer was: a status, or a failed connection. */
  readonly refused: readonly string[];
  /** Makes the late clients read their token again. */
  readonly switchLate: () => void;
  /** Waits until the clients have used the tokens that they have now. */
  untilUsed(): Promise<void>;
  /** Ends all clients after their last answer. */
  stop(): Promise<void>;
}

/**
 * Starts clients that send requests until the test ends. Half of them read their token before each request; the others are late:
 * they keep the one that they started with until they are told to switch.
 * @param readToken - returns the token that a client finds now
 */
export function startClients(url: string, readToken: () => string, count = 50): Clients {
  const refused: string[] = [];
  const accepted = { newest: 0, older: 0 };
  const first = readToken();
  let isLate = true;
  let isOver = false;

  async function run(i: number): Promise<void> {
    while (!isOver) {
      await new Promise((resolve) => setTimeout(resolve, randomInt(PAUSE * 2)));
      const token = isLate && i % 2 === 0 ? first : readToken();
      const answer = await ask(url, token);
      if (answer !== "200") refused.push(`client ${i}: ${answer}`);
      else accepted[token === readToken() ? "newest" : "older"]++;
    }
  }
  const running = Array.from({ length: count }, (_, i) => run(i));
  const stop = async (): Promise<void> => {
    isOver = true;
    await Promise.all(running);
  };
  onTestFinished(stop);
  return {
    ...{ refused, stop },
    accepted: () => ({ ...accepted }),
    switchLate: () => void (isLate = false),
    async untilUsed() {
      const { newest, older } = accepted;
      const used = (): boolean => accepted.newest > newest + count && (!isLate || accepted.older > older);
      await expect.poll(used, { timeout: 10_000 }).toBe(true);
    },
  };
}

/** Sends a request and returns the status, or why there was no answer. */
async function ask(url: string, token: string): Promise<string> {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { ...HEADERS, authorization: `Bearer ${token}` },
      body: BODY,
      signal: AbortSignal.timeout(10_000),
    });
    await response.text();
    return String(response.status);
  } catch (error) {
    return error instanceof Error ? `${error.message} ${String(error.cause)}` : String(error);
  }
}
