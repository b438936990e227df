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
  /** The same in a CommonJS server, if it differs. */
  readonly commonPlace?: string;
  /** Returns the lines that the user adds to the server. */
  readonly use: (guard: GuardImport, path: string) => readonly string[];
}

/** How a server gets the guard. */
export interface GuardImport {
  /** What to import. */
  readonly from: string;
  /** Whether the server is an ES module. The lines for a CommonJS server work in both. */
  readonly isModule: boolean;
}

/** The import, a prefix for the function that uses the guard, and the guard. */
function importGuard({ from, isModule }: GuardImport): { line: string; async: string; guard: string } {
  return isModule
    ? { line: `import { guard } from "${from}";`, async: "", guard: "guard" }
    : { line: `const guarding = import("${from}");`, async: "async ", guard: "(await guarding).guard" };
}

export const frameworks: Readonly<Record<FrameworkName, Framework>> = {
  express: {
    title: "Express",
    packages: ["express", "@modelcontextprotocol/express"],
    guard: nodeGuard,
    place: "to your server, before its routes",
    use: (given, path) => {
      const { line, guard } = importGuard(given);
      const lazy = `async (request, response, next) => ${guard}(request, response, next)`;
      return [line, `app.use(${JSON.stringify(path)}, ${given.isModule ? guard : lazy});`];
    },
  },
  fastify: {
    title: "Fastify",
    packages: ["fastify", "@modelcontextprotocol/fastify"],
    guard: fastifyGuard,
    place: "to your server, before its routes",
    use: ({ from, isModule }) =>
      isModule
        ? [`import { guard, verifier } from "${from}";`, "await app.register(guard, { verifier });"]
        : [`app.register(import("${from}"));`],
  },
  hono: {
    title: "Hono",
    packages: ["hono", "@modelcontextprotocol/hono"],
    guard: fetchGuard,
    place: "to your server, instead of the route that calls your handler",
    use: (given, path) => {
      const { line, async, guard } = importGuard(given);
      const call = `${guard}(c.req.raw, (request, authInfo) => handler.fetch(request, { authInfo }))`;
      return [line, `app.all(${JSON.stringify(path)}, ${async}(c) => ${call});`];
    },
  },
  next: {
    title: "Next.js",
    packages: ["next"],
    guard: fetchGuard,
    place: "to the route.ts or route.js of your endpoint, around your handler",
    use: ({ from }) => [
      importGuard({ from, isModule: true }).line,
      "const guarded = (request) => guard(request, (accepted, authInfo) => handler.fetch(accepted, { authInfo }));",
      "export { guarded as GET, guarded as POST, guarded as DELETE };",
    ],
  },
  fetch: {
    title: "Request and Response",
    packages: ["@modelcontextprotocol/server"],
    guard: fetchGuard,
    place: "to your server, around your handler",
    use: (given) => {
      const { line, guard } = importGuard(given);
      const call = `${guard}(request, (accepted, authInfo) => handler.fetch(accepted, { authInfo }))`;
      return [line, `const response = await ${call};`];
    },
  },
  node: {
    title: "node:http",
    packages: ["@modelcontextprotocol/node", "@modelcontextprotocol/sdk"],
    guard: nodeGuard,
    place: "to your server, around your listener",
    use: (given) => {
      const { line, async, guard } = importGuard(given);
      const call = `${guard}(request, response, () => listener(request, response))`;
      return [line, `createServer(${async}(request, response) => ${call});`];
    },
  },
  stdio: {
    title: "stdio",
    packages: [],
    guard: stdioGuard,
    place: "to the program of your server, as its first import",
    commonPlace: "to the program of your server, as the first line of the async function that starts it",
    use: ({ from, isModule }) => [isModule ? `import "${from}";` : `await import("${from}");`],
  },
  python: {
    title: "Python",
    packages: [],
    place: "to your server",
    use: () => [],
  },
};
