import { randomInt } from "node:crypto";
import { connect, createServer } from "node:net";
import type { Server, Socket } from "node:net";
import { platform } from "node:os";

/** So many processes ask at a time: more would not be served faster, and the bus gives up on those who wait for long. */
const SLOTS = 4;
/** After so many milliseconds it goes on without a turn: another user may have taken the names. */
const PATIENCE_MS = 30_000;
const JITTER_MS = 30;

/** Leave to ask the keychain. */
export interface Turn {
  /** Whether others of ours want to ask as well, so that it is their load if an answer takes long. */
  isContended(): boolean;
  end(): void;
}

/**
 * Waits until few other processes of this store ask the keychain. That keeps a Secret Service from being overrun, and nothing
 * else rests on it: whoever cannot have a turn asks without one. A turn is an abstract socket that is listened on, so it ends
 * with its process. Other systems than Linux need none.
 * @param signal - Ends the waiting.
 */
export async function takeTurn(name: string, signal: AbortSignal): Promise<Turn> {
  if (platform() !== "linux") return FREE;
  let isOver = false;
  const patience = setTimeout(() => (isOver = true), PATIENCE_MS).unref();
  const isDone = () => isOver || signal.aborted;
  let waited = false;
  try {
    while (!isDone()) {
      const first = randomInt(SLOTS);
      for (let i = 0; i < SLOTS; i++) {
        const taken = await listen(pathOf(name, (first + i) % SLOTS), waited);
        if (taken !== null) return taken;
      }
      waited = true;
      await release(pathOf(name, first), signal);
      await new Promise((resolve) => setTimeout(resolve, randomInt(JITTER_MS)));
    }
    return FREE;
  } finally {
    clearTimeout(patience);
  }
}

const FREE: Turn = { isContended: () => false, end: () => {} };

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
    server.once("error", (cause: NodeJS.ErrnoException) => resolve(cause.code === "EADDRINUSE" ? null : FREE));
    server.listen(path, () => resolve(turn));
    server.unref();
  });
}

/** Until whoever has this turn ends it. */
function release(path: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const leave = () => socket.destroy();
    signal.addEventListener("abort", leave, { once: true });
    socket.setTimeout(PATIENCE_MS, leave);
    socket.on("error", () => {});
    socket.on("close", () => {
      signal.removeEventListener("abort", leave);
      resolve();
    });
    socket.resume();
  });
}
