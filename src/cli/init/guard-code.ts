/** What the code of a guard depends on. */
export interface GuardCodeOptions {
  /** The spec of the store, or `null` for the default. */
  readonly store: string | null;
  readonly isTypeScript: boolean;
  /** Whether the server is an ES module. Otherwise it can only `import()` the guard, which awaits. */
  readonly isModule: boolean;
}

/** The code of `docs/server.md`, as a file of its own. */
type GuardCode = (options: GuardCodeOptions) => string;

const openStoreCall = ({ store }: GuardCodeOptions): string =>
  `openStore(${store === null ? "" : JSON.stringify(store)})`;

const verifierOf = (options: GuardCodeOptions): string =>
  `const verifier = await createVerifier({ store: await ${openStoreCall(options)}, log: console.error });`;

export const nodeGuard: GuardCode = (options) => `import { createVerifier, guardNode, openStore } from "mcp-keys";

${verifierOf(options)}

/** Answers requests without a valid key, and passes on all others. */
export const guard = guardNode(verifier);
`;

export const fetchGuard: GuardCode = (options) => `import { createVerifier, guardFetch, openStore } from "mcp-keys";

${verifierOf(options)}

/** Answers requests without a valid key, and gives all others to your handler. */
export const guard = guardFetch(verifier);
`;

export const fastifyGuard: GuardCode = (options) => {
  const plugin = options.isModule
    ? "export const guard = guardFastify;"
    : `export default Object.assign((app${options.isTypeScript ? ": Parameters<typeof guardFastify>[0]" : ""}) => guardFastify(app, { verifier }), {
  // For the whole server, not for the routes of the plugin alone.
  [Symbol.for("skip-override")]: true,
});`;
  return `import { createVerifier, guardFastify, openStore } from "mcp-keys";

${options.isModule ? "export " : ""}${verifierOf(options)}

/** The plugin that answers requests without a valid key, and passes on all others. */
${plugin}
`;
};

export const stdioGuard: GuardCode = (
  options,
) => `import { CODES, KeysError, openStore, requireApiKeyFromEnv } from "mcp-keys";

// Ends the server, and tells the client why, unless MCP_API_KEY has a valid key.
const answer = { input: process.stdin, output: process.stdout };
await requireApiKeyFromEnv({ store: await ${openStoreCall(options)}, answer }).catch((cause${options.isTypeScript ? ": unknown" : ""}) => {
  if (!(cause instanceof KeysError)) throw cause;
  console.error(\`\${cause.message}: \${cause.hint}\`);
  process.exit(CODES[cause.code].exit);
});
`;
