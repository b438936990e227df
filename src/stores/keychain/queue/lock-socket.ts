import { connect, createServer } from "node:net";
import type { Socket } from "node:net";
import { takeSocket } from "../../../process/take-socket.ts";

/** What the holder of the lock tells the queue: it is starting its child process, or the keychain has answered or shows a prompt. */
export type Heartbeat = "starting" | "answered" | "prompt";

const BYTES: Readonly<Record<Heartbeat, string>> = { starting: "s", answered: "a", prompt: "p" };
/** Any local user can connect, so the number of listeners is bounded. */
const MAX_LISTENERS = 512;

/** A lock that only one process can hold: an abstract socket, which disappears with its process. */
export class LockServer {
  readonly #listeners = new Set<Socket>();
  readonly #server = createServer((socket) => {
    this.#listeners.add(socket);
    socket.unref().on("error", () => {});
    socket.on("close", () => this.#listeners.delete(socket));
  });

  /** Takes the lock. Returns `null` when another process holds it; any other failure counts as taken. */
  static async open(path: string): Promise<LockServer | null> {
    const lock = new LockServer();
    const server = lock.#server.unref();
    server.maxConnections = MAX_LISTENERS;
    return (await takeSocket(server, path)) === "taken" ? null : lock;
  }

  get hasListeners(): boolean {
    return this.#listeners.size > 0;
  }

  send(beat: Heartbeat): void {
    for (const socket of this.#listeners) socket.write(BYTES[beat]);
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#listeners) socket.destroy();
  }
}

/** Receives the heartbeats of the process that holds the lock. */
export class LockListener {
  /** Resolves when the holder releases the lock or ends. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;

  constructor(path: string, onHeartbeat: (beat: Heartbeat) => void) {
    this.#socket = connect(path).unref();
    this.#socket.on("error", () => {});
    this.closed = new Promise((resolve) => this.#socket.once("close", () => resolve()));
    this.#socket.on("data", (bytes) => {
      const beat = (Object.keys(BYTES) as Heartbeat[]).find((each) => bytes.includes(BYTES[each]));
      if (beat !== undefined) onHeartbeat(beat);
    });
  }

  close(): void {
    this.#socket.destroy();
  }
}
