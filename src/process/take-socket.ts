import type { Server } from "node:net";

/**
 * Makes a server listen on an abstract socket of Linux. Only one process can hold the name, and it is free again when that process
 * ends. `unref` it first if it must not keep the process alive.
 * @param path - starts with a NUL character
 * @returns `"taken"` if another process holds the name; `"unavailable"` after any other failure
 */
export function takeSocket(server: Server, path: string): Promise<"held" | "taken" | "unavailable"> {
  return new Promise((resolve) => {
    server.on("error", ({ code }: NodeJS.ErrnoException) => resolve(code === "EADDRINUSE" ? "taken" : "unavailable"));
    // `exclusive`: otherwise a cluster worker would share the socket with its siblings.
    server.listen({ path, exclusive: true }, () => resolve("held"));
  });
}
