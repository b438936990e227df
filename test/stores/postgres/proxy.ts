import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { onTestFinished } from "vitest";

/** What happens to a statement from a client. */
export type Fate =
  /** It reaches the server, and the answer the client. */
  | "pass"
  /** It does not reach the server, and the connection ends. */
  | "lose"
  /** It reaches the server, and the connection ends before the answer. */
  | "cut"
  /** It reaches the server. Nothing comes back, and the connection stays open. */
  | "mute"
  /** It does not reach the server. Nothing comes back, and the connection stays open. */
  | "swallow";

/** A network between a client and PostgreSQL on 127.0.0.1. It ends with the test. */
export interface Network {
  readonly port: number;
  /** Decides about what a client sends, which may contain several statements. By default, everything passes. */
  decide: (sent: string) => Fate;
  /** Ends all connections. */
  cutAll(): void;
}

/** Starts a {@link Network} in front of a port. */
export async function aNetwork(port: number): Promise<Network> {
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(port, "127.0.0.1");
    let isMute = false;
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => open.delete(socket));
    }
    const end = () => {
      client.destroy();
      upstream.destroy();
    };
    client.on("data", (bytes) => {
      const fate = isMute ? "swallow" : network.decide(bytes.toString("latin1"));
      if (fate === "pass" || fate === "cut" || fate === "mute") upstream.write(bytes);
      isMute ||= fate === "cut" || fate === "mute" || fate === "swallow";
      if (fate === "lose") end();
      // The server has received it once it answers.
      if (fate === "cut") upstream.once("data", end);
    });
    upstream.on("data", (bytes) => {
      if (!isMute) client.write(bytes);
    });
    client.on("close", () => upstream.destroy());
    upstream.on("close", () => {
      if (!isMute) client.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const network: Network = {
    port: (server.address() as AddressInfo).port,
    decide: () => "pass",
    cutAll() {
      for (const socket of open) socket.destroy();
    },
  };
  onTestFinished(() => {
    network.cutAll();
    server.close();
  });
  return network;
}
