import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import type { TestProject } from "vitest/node";
import { startPostgres } from "./cluster.ts";
import type { Cluster } from "./cluster.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The port that answers where the shared cluster is. */
    clusterPort: number;
  }
}

/**
 * Offers one PostgreSQL cluster to all tests of a run. It starts when the first test asks. It belongs to the main thread, because
 * the others end at different times.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  let cluster: Promise<Cluster> | undefined;
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    (cluster ??= startPostgres()).then(
      ({ port, socket: path, password }) => socket.end(JSON.stringify({ port, socket: path, password })),
      (fault: unknown) => socket.end(JSON.stringify({ error: String(fault) })),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  project.provide("clusterPort", (server.address() as AddressInfo).port);
  return async () => {
    server.close();
    await (await cluster?.catch(() => undefined))?.remove();
  };
}
