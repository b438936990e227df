/**
 * Measures the memory of a verifier with 1,000,000 keys of one version each. Goal: at most 250 bytes per key. The store creates its
 * keys on demand and keeps none, so only the verifier is measured.
 */
import { hash } from "node:crypto";
import { createVerifier } from "../dist/index.js";
import { printTable } from "./figures.js";
import { row } from "./rows.js";

const COUNT = 1_000_000;
const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

export async function rows({ long }) {
  const before = memory();
  const start = performance.now();
  const verifier = await createVerifier({ store: createStore() });
  const seconds = (performance.now() - start) / 1000;
  const after = memory();
  // A guard that ends open streams listens: it collects the versions that end within the next hour.
  verifier.onRevoked(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  const listening = memory();
  await verifier.close();
  if (long) print(before, after, listening, seconds);
  const perKey = (total(after) - total(before)) / COUNT;
  return [row({ what: "memory of a verifier, a key of 1,000,000", ours: perKey, unit: "bytes", goal: "<= 250" })];
}

function print(before, after, listening, seconds) {
  const perKey = (name) => Math.round((after[name] - before[name]) / COUNT);
  printTable(
    `A verifier over ${COUNT.toLocaleString("en")} keys`,
    ["bytes per key", "measured", "goal"],
    [
      ["heap", perKey("heapUsed"), ""],
      ["outside the heap", perKey("external"), ""],
      ["total", perKey("heapUsed") + perKey("external"), "<= 250"],
      ["more while somebody listens for ended versions", ((total(listening) - total(after)) / COUNT).toFixed(2), ""],
      ["resident set, including garbage from loading", perKey("rss"), ""],
      ["seconds to load, including creating the keys", seconds.toFixed(1), ""],
    ],
  );
}

function total({ heapUsed, external }) {
  return heapUsed + external;
}

function memory() {
  globalThis.gc();
  globalThis.gc();
  return process.memoryUsage();
}

function createStore() {
  return {
    spec: "bench:",
    readOnly: true,
    snapshot: async () => ({ epoch: "bench", seq: 0, keys: makeKeys() }),
    position: async () => ({ epoch: "bench", seq: 0 }),
    changes: () => ({ [Symbol.asyncIterator]: () => ({ next: async () => ({ done: true }) }) }),
    watch: async () => () => {},
    get: async () => null,
    find: async () => null,
    list: async () => [],
    usage: async () => ({ uses: [], reports: [], publishedAt: null }),
    touch: () => Promise.reject(new Error("this store is read-only")),
    write: () => Promise.reject(new Error("this store is read-only")),
  };
}

/** Parses each key from JSON, as from a file, so the keys share no strings. */
function* makeKeys() {
  for (let i = 0; i < COUNT; i++) {
    const digest = hash("sha256", `key-${i}`);
    const id = Array.from({ length: 12 }, (_, at) => BASE62[parseInt(digest.slice(at, at + 4), 16) % 62]).join("");
    yield JSON.parse(
      JSON.stringify({
        ...{ id, name: `client-${i}`, prefix: "mcp", scopes: ["mcp"], audience: [], tags: {} },
        ...{ createdAt: 1_800_000_000, createdBy: "bench@here", enabled: true, revision: 1 },
        versions: [
          {
            ...{
              n: 1,
              digest: `sha256:${digest}`,
              createdAt: 1_800_000_000 + (i % 1000),
              expiresAt: 1_900_000_000 + i,
            },
            ...{ state: "current", promotedAt: 1_800_000_000 + i, lastUsedAt: null },
          },
        ],
      }),
    );
  }
}
