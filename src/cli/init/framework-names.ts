/** Every kind of server that `init` knows, in the order of `--help`. Apart from the code, because the command line needs only the names. */
export const FRAMEWORK_NAMES = ["express", "fastify", "hono", "next", "fetch", "node", "stdio", "python"] as const;

export type FrameworkName = (typeof FRAMEWORK_NAMES)[number];
