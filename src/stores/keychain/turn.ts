import { randomInt } from "node:crypto";
import { connect, createServer } from "node:net";
import type { Server, Socket } from "node:net";
import { platform } from "node:os";
import { KeychainFault } from "./fault.ts";

/** So many processes ask at a time: more would not be served faster, and the bus gives up on those who wait for long. */
const SLOTS = 4;
/** So many milliseconds it waits while others come and go, before it gives up. */
const PATIENCE_MS = 60_000;
/** Who has a turn for longer than that is none of ours: it goes on without one. */
const LONGEST_MS = 20_000;
const JITTER_MS = 30;

/** Leave to ask the keychain. */
export interface Turn {
  /** Whether others of ours want to ask as well, so that it is their load if an answer takes long. */
  isContended(): boolean;
  end(): void;
}

/**
 * Waits until few other processes of this store ask the keychain. That keeps a Secret Service from being overrun, and nothing
 * else rests on it. A turn is an abstract socket that is listened on, so it ends with its process. Other systems than Linux
 * need none.
 * @param signal - Ends the waiting.
 * @throws {@link KeychainFault} `timed-out` when others asked all the time
 */
export async function takeTurn(name: string, signal: AbortSignal): Promise<Turn> {
  if (platform() !== "linux") return { isContended: () => false, end: () => {} };
  let isOver = false;
  let waited = false;
  const patience = setTimeout(() => (isOver = true), PATIENCE_MS);
  const isDone = () => isOver || signal.aborted;
  try {
    while (!isDone()) {
      const first = randomInt(SLOTS);
      for (let i = 0; i < SLOTS; i++) {
        const turn = await listen(pathOf(name, (first + i) % SLOTS), waited);
        if (turn !== null) return turn;
      }
      waited = true;
      const wasReleased = await release(pathOf(name, first), signal);
      if (!wasReleased) return { isContended: () => true, end: () => {} };
      await new Promise((resolve) => setTimeout(resolve, randomInt(JITTER_MS)));
    }
  } finally {
    clearTimeout(patience);
  }
  throw new KeychainFault("timed-out", "others asked the keychain all the time");
}

function pathOf(name: string, slot: number): string {
  return `\0${name}-${slot}`;
}

/** `null` when another process has it. */
function listen(path: string, waited: boolean): Promise<Turn | null> {
  const waiting = new Set<Socket>();
  const server: Server = createServer((socket) => {
    waiting.add(socket);
    socket.unref();
    socket.on("error", () => {});
    socket.on("close", () => waiting.delete(socket));
  });
  const turn: Turn = {
    isContended: () => waited || waiting.size > 0,
    end: () => {
      server.close();
      for (const socket of waiting) socket.destroy();
    },
  };
  return new Promise((resolve) => {
    server.once("error", (cause: NodeJS.ErrnoException) => resolve(cause.code === "EADDRINUSE" ? null : turn));
    server.listen(path, () => resolve(turn));
    server.unref();
  });
}

/** Until whoever has this turn ends it, or for too long. */
function release(path: string, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    let isTooLong = false;
    const leave = () => socket.destroy();
    signal.addEventListener("abort", leave, { once: true });
    const timer = setTimeout(() => {
      isTooLong = true;
      leave();
    }, LONGEST_MS);
    socket.on("error", () => {});
    socket.on("close", () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", leave);
      resolve(!isTooLong);
    });
    socket.resume();
  });
}
