import type { FrameworkName } from "./framework-names.ts";
import { fastifyGuard, fetchGuard, nodeGuard, stdioGuard, type GuardCodeOptions } from "./guard-code.ts";

/** How a kind of server gets its guard. */
export interface Framework {
  readonly title: string;
  /** Packages of projects that have such a server. */
  readonly packages: readonly string[];
  /** Returns the text of the file with the guard. Absent if we have none for this language. */
  readonly guard?: (options: GuardCodeOptions) => string;
  /** Where the lines of {@link Framework.use} go. Completes "add this …". */
  readonly place: string;
  /**
   * Returns the lines that the user adds to the server.
   * @param from - what to import
   * @param path - the path of the MCP endpoint
   */
  readonly use: (from: string, path: string) => readonly string[];
}

const importGuard = (from: string): string => `import { guard } from "${from}";`;

export const frameworks: Readonly<Record<FrameworkName, Framework>> = {
  express: {
    title: "Express",
    packages: ["express", "@modelcontextprotocol/express"],
    guard: nodeGuard,
    place: "to your server, before its routes",
    use: (from, path) => [importGuard(from), `app.use(${JSON.stringify(path)}, guard);`],
  },
  fastify: {
    title: "Fastify",
    packages: ["fastify", "@modelcontextprotocol/fastify"],
    guard: fastifyGuard,
    place: "to your server, before its routes",
    use: (from) => [`import { guard, verifier } from "${from}";`, "await app.register(guard, { verifier });"],
  },
  hono: {
    title: "Hono",
    packages: ["hono", "@modelcontextprotocol/hono"],
    guard: fetchGuard,
    place: "to your server, instead of the route that calls your handler",
    use: (from, path) => [
      importGuard(from),
      `app.all(${JSON.stringify(path)}, (c) => guard(c.req.raw, (request, authInfo) => handler.fetch(request, { authInfo })));`,
    ],
  },
  next: {
    title: "Next.js",
    packages: ["next"],
    guard: fetchGuard,
    place: "to the route.ts or route.js of your endpoint, around your handler",
    use: (from) => [
      importGuard(from),
      "const guarded = (request) => guard(request, (accepted, authInfo) => handler.fetch(accepted, { authInfo }));",
      "export { guarded as GET, guarded as POST, guarded as DELETE };",
    ],
  },
  fetch: {
    title: "Request and Response",
    packages: ["@modelcontextprotocol/server"],
    guard: fetchGuard,
    place: "to your server, around your handler",
    use: (from) => [
      importGuard(from),
      "const response = await guard(request, (accepted, authInfo) => handler.fetch(accepted, { authInfo }));",
    ],
  },
  node: {
    title: "node:http",
    packages: ["@modelcontextprotocol/node", "@modelcontextprotocol/sdk"],
    guard: nodeGuard,
    place: "to your server, around your listener",
    use: (from) => [
      importGuard(from),
      "createServer((request, response) => guard(request, response, () => listener(request, response)));",
    ],
  },
  stdio: {
    title: "stdio",
    packages: [],
    guard: stdioGuard,
    place: "to the program of your server, as its first import",
    use: (from) => [`import "${from}";`],
  },
  python: {
    title: "Python",
    packages: [],
    place: "to your server",
    use: () => [],
  },
};
