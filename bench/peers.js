/** Other packages that verify API keys. `bench/run.js` installs them into `bench/peers`; without them their cases are skipped. */
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(new URL("./peers/package.json", import.meta.url));

/** Imports a package of `bench/peers`, or returns `null`. */
export async function loadPeer(name) {
  try {
    return await import(pathToFileURL(require.resolve(name)).href);
  } catch {
    console.log(`\nskipped: ${name} is not in bench/peers; install it with: npm ci --prefix bench/peers`);
    return null;
  }
}

/** Verifies as its documentation says: the short token finds the hash, then the long one is checked. */
export async function createPrefixed(count, sendTo) {
  const module = await loadPeer("prefixed-api-key");
  if (module === null) return null;
  const { generateAPIKey, extractShortToken, checkAPIKey } = module.default ?? module;
  const hashes = new Map();
  const headers = [];
  for (let i = 0; i < count; i++) {
    const { token, shortToken, longTokenHash } = await generateAPIKey({ keyPrefix: "mcp" });
    hashes.set(shortToken, longTokenHash);
    headers.push(`Bearer ${token}`);
  }
  const judge = (header) => {
    const token = header.slice(7);
    if (!checkAPIKey(token, hashes.get(extractShortToken(token)))) throw new Error("prefixed-api-key refused");
  };
  return { name: "prefixed-api-key", goal: ">= 2.5", run: sendTo(judge, headers) };
}

/** Uses SQLite in memory, without a rate limit. */
export async function createBetterAuth(count, ms) {
  const [auth, plugin, sqlite, migration] = await Promise.all(
    ["better-auth", "@better-auth/api-key", "better-sqlite3", "better-auth/db/migration"].map(loadPeer),
  );
  if ([auth, plugin, sqlite, migration].includes(null)) return null;
  const options = {
    ...{ baseURL: "http://127.0.0.1", secret: "0123456789abcdef0123456789abcdef", telemetry: { enabled: false } },
    ...{ database: new sqlite.default(":memory:"), emailAndPassword: { enabled: true } },
    plugins: [plugin.apiKey({ rateLimit: { enabled: false } })],
  };
  await (await migration.getMigrations(options)).runMigrations();
  const { api } = auth.betterAuth(options);
  const account = { email: "ada@example.com", password: "not a secret at all", name: "Ada" };
  const { user } = await api.signUpEmail({ body: account });
  const tokens = [];
  for (let i = 0; i < count; i++) tokens.push((await api.createApiKey({ body: { userId: user.id } })).key);
  const run = async () => {
    let done = 0;
    const start = performance.now();
    do {
      const { valid } = await api.verifyApiKey({ body: { key: tokens[done++ % count] } });
      if (!valid) throw new Error("better-auth refused");
    } while (performance.now() - start < ms);
    return ((performance.now() - start) * 1e6) / done;
  };
  return { name: "better-auth on SQLite", goal: ">= 300", run };
}
