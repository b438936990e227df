// A process that writes keys to a file store. Tests start many of them and kill them at any moment. It prints `ready`, waits for
// a line, then prints the name of each key whose write was acknowledged.
import { digestToken } from "../../src/core/digest.ts";
import { KeysError } from "../../src/errors.ts";
import { openFileStore } from "../../src/stores/file.ts";

const [path = "", name = "", count = "1", compactEvery = "0", checkpointEvery] = process.argv.slice(2);
const world = { env: {}, uid: process.getuid?.() ?? null, dataDir: null };
const store = await openFileStore(
  path,
  world,
  undefined,
  checkpointEvery === undefined ? undefined : Number(checkpointEvery),
);
process.stdout.write("ready\n");
process.stdin.once("data", () => void run());

async function run(): Promise<void> {
  for (let i = 0; i < Number(count); i++) {
    const key = `${name}-${i}`;
    const digest = digestToken(key);
    await store.write({
      op: "generate",
      at: 1_000,
      by: "writer",
      keys: [
        {
          id: digest.slice(-12),
          name: key,
          prefix: "mcp",
          scopes: [],
          audience: [],
          tags: {},
          createdAt: 1_000,
          createdBy: "writer",
          enabled: true,
          revision: 0,
          versions: [{ n: 1, digest, createdAt: 1_000, expiresAt: null, state: "current", lastUsedAt: null }],
        },
      ],
    });
    process.stdout.write(`${key}\n`);
    if (Number(compactEvery) === 0 || i % Number(compactEvery) !== 0) continue;
    await store.compact({ at: 1_000, by: "writer" }).catch((fault: unknown) => {
      // A compaction may fail, because the other processes keep writing.
      if (!(fault instanceof KeysError) || fault.code !== "STORE_CONFLICT") throw fault;
    });
  }
  await store.close();
  process.stdin.destroy();
}
