import { connect, createServer } from "node:net";
import type { Server, Socket } from "node:net";

/**
 * What whoever has a turn tells the others as it goes along. `answered`: the keychain has answered. `at work`: the keychain is
 * not being asked just now, since the process that asks it is starting. `locked`: the keyring is locked, and its prompt waited
 * for. Nothing is told while anything else is waited for.
 */
export type Beat = "answered" | "at work" | "locked";

/** What ends a silence comes first: of those that come together, the first one here is heard. */
const BYTES: Readonly<Record<Beat, string>> = { answered: "a", "at work": "w", locked: "l" };
/** Anybody on this machine may connect; beyond so many they are turned away, and hear nothing. */
const MOST = 512;

/** A turn that only one process has: an abstract socket that is listened on, so it ends with its process. */
export class Slot {
  readonly #server: Server;
  readonly #others = new Set<Socket>();

  private constructor() {
    this.#server = createServer((socket) => {
      this.#others.add(socket);
      socket.unref();
      socket.on("error", () => {});
      socket.on("close", () => this.#others.delete(socket));
    });
    this.#server.maxConnections = MOST;
  }

  /** `null` when another process has it. Where there can be no such socket, it is had at once. */
  static take(path: string): Promise<Slot | null> {
    const slot = new Slot();
    return new Promise((resolve) => {
      slot.#server.on("error", ({ code }: NodeJS.ErrnoException) => resolve(code === "EADDRINUSE" ? null : slot));
      // In a worker of a cluster as well, it is this process that has it.
      slot.#server.listen({ path, exclusive: true }, () => resolve(slot));
      slot.#server.unref();
    });
  }

  /** Whether there are others who would have it. */
  get isWanted(): boolean {
    return this.#others.size > 0;
  }

  tell(beat: Beat): void {
    for (const socket of this.#others) socket.write(BYTES[beat]);
  }

  end(): void {
    this.#server.close();
    for (const socket of this.#others) socket.destroy();
  }
}

/** Hears what whoever has a turn tells; for as long as the turn lasts. */
export class Ear {
  /** When nobody is to be heard any more. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;

  constructor(path: string, hear: (beat: Beat) => void) {
    this.#socket = connect(path);
    this.#socket.unref();
    this.#socket.on("error", () => {});
    this.closed = new Promise((resolve) => this.#socket.once("close", () => resolve()));
    this.#socket.on("data", (bytes) => {
      const beat = (Object.keys(BYTES) as Beat[]).find((each) => bytes.includes(BYTES[each]));
      if (beat !== undefined) hear(beat);
    });
  }

  /** Whether there is somebody to be heard. */
  get isOpen(): boolean {
    return !this.#socket.destroyed;
  }

  close(): void {
    this.#socket.destroy();
  }
}
