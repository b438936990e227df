import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** A message of PostgreSQL's protocol that a proxy is about to pass on. */
export interface PgMessage {
  /** Counts the messages of all connections and both directions since {@link Proxy.onMessage}, from 1. */
  readonly n: number;
  readonly from: Side;
  /** The first byte, for example `Q`; empty for the message that starts a connection. */
  readonly type: string;
  readonly bytes: Buffer;
}

export type Side = "client" | "server";

/**
 * What happens to a message, and to all later ones of its connection: `cut` closes the connection, `swallow` leaves it open and drops
 * everything, as a firewall does that has forgotten it.
 */
export type Fate = "pass" | "cut" | "swallow";

/** Sits between a client and PostgreSQL. */
export interface Proxy {
  readonly port: number;
  /** Decides about each message from now on. Counts from 1 again. */
  onMessage(decide: (message: PgMessage) => Fate): void;
  /** Passes everything on from now on. Connections that were swallowed stay dead. */
  heal(): void;
  /** From now on, drops what comes from these sides, also of the connections that are open. */
  swallow(...from: Side[]): void;
}

const PASS = (): Fate => "pass";

/** Starts a proxy in front of a port of 127.0.0.1. It ends with the test. */
export async function aProxy(target: number): Promise<Proxy> {
  let decide: (message: PgMessage) => Fate = PASS;
  let swallowed: readonly Side[] = [];
  let n = 0;
  const sockets = new Set<Socket>();
  const links = new Set<{ readonly dead: Set<Side> }>();

  const server = createServer((client) => {
    const upstream = connect(target, "127.0.0.1");
    const link = { dead: new Set(swallowed) };
    links.add(link);
    const close = () => {
      for (const socket of [client, upstream]) {
        socket.destroy();
        sockets.delete(socket);
      }
      links.delete(link);
    };
    const pipe = (from: Side, source: Socket, sink: Socket) => {
      const split = splitMessages(from);
      source.on("data", (data: Buffer) => {
        for (const bytes of split(data)) {
          if (source.destroyed) return;
          if (link.dead.has(from)) continue;
          const type = bytes.readUInt8(0) === 0 ? "" : String.fromCharCode(bytes.readUInt8(0));
          const fate = decide({ n: ++n, from, type, bytes });
          if (fate === "cut") close();
          else if (fate === "swallow") link.dead.add("client").add("server");
          else sink.write(bytes);
        }
      });
      // A side that is dead does not learn that the other one has closed.
      source.on("close", () => link.dead.has(from) || close());
      source.on("error", () => undefined);
      // Without this, each message waits 40 ms for the one before it.
      source.setNoDelay(true);
      sockets.add(source);
    };
    pipe("client", client, upstream);
    pipe("server", upstream, client);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });

  return {
    port: (server.address() as AddressInfo).port,
    onMessage(next) {
      n = 0;
      decide = next;
    },
    heal() {
      decide = PASS;
      swallowed = [];
    },
    swallow(...from) {
      swallowed = from;
      for (const { dead } of links) for (const side of from) dead.add(side);
    },
  };
}

/** Returns a function that takes what arrives on one side, and returns the messages that are complete. */
function splitMessages(from: Side): (data: Buffer) => Buffer[] {
  let rest = Buffer.alloc(0);
  // The first message of a client has no type.
  let start = from === "client" ? 0 : 1;
  return (data) => {
    rest = Buffer.concat([rest, data]);
    const messages: Buffer[] = [];
    while (rest.length >= start + 4) {
      const end = start + rest.readUInt32BE(start);
      if (rest.length < end) break;
      messages.push(rest.subarray(0, end));
      rest = rest.subarray(end);
      start = 1;
    }
    return messages;
  };
}
