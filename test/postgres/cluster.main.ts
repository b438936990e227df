import { startPostgres } from "./cluster.ts";
import { startPgBouncer } from "./pgbouncer.ts";

/** Starts both servers, prints where they are, and waits to be killed. */
const cluster = await startPostgres();
const { port } = await startPgBouncer(cluster);
console.log(JSON.stringify({ folder: cluster.folder, pid: cluster.pid(), port }));
setInterval(() => undefined, 1_000);
