/**
 * Compares the file store with 100,000 keys and with 10, with and without a checkpoint. Goals: adding a key in a running process
 * takes as long and writes at most 1 KB; opening takes at most 300 ms and 160 MiB; `generate` and `check` take at most 150 ms more.
 */
import { spawnSync } from "node:child_process";
import { hash, randomBytes } from "node:crypto";
import { copyFileSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openStore } from "../dist/index.js";
import { interleave, median, printTable } from "./figures.js";

const MANY = 100_000;
const FEW = 10;
const ROUNDS = Number(process.env.ROUNDS ?? 9);
const WRITES = 200;
const ROOT = fileURLToPath(new URL("..", import.meta.url));
const BIN = join(ROOT, "bin/mcp-keys.js");
const dir = mkdtempSync(join(tmpdir(), "mcp-keys-bench-"));
const { NODE_EXTRA_CA_CERTS: _, ...plain } = process.env;

const files = Object.fromEntries(
  ["few", "many", "fresh", "compacted"].map((name) => [name, join(dir, `${name}.jsonl`)]),
);
let token = "";
token = JSON.parse(cli(files.few, ["generate", "ci", "--json"])).token;
writeFileSync(files.few, journal(FEW), { mode: 0o600 });
writeFileSync(files.many, journal(MANY), { mode: 0o600 });
copyFileSync(files.many, files.fresh);
copyFileSync(files.many, files.compacted);
await compact(files.compacted);

await adding();
await opening();
await commands();
rmSync(dir, { recursive: true });

/** Adds keys in one process that has all keys in memory. */
async function adding() {
  const stores = { [FEW]: await openStore(`file:${files.few}`), [MANY]: await openStore(`file:${files.many}`) };
  const rows = [];
  const before = {};
  for (const [count, store] of Object.entries(stores)) {
    await store.list();
    before[count] = statSync(store.spec.slice(5)).size;
  }
  let created = 0;
  const cases = Object.entries(stores).map(([name, store]) => ({
    name,
    async run() {
      const start = performance.now();
      await store.write({ op: "generate", at: 1_800_000_000, by: "bench@here", keys: [key(`new-${created++}`)] });
      return performance.now() - start;
    },
  }));
  const series = await interleave(cases, WRITES);
  for (const [count, store] of Object.entries(stores)) {
    const bytes = (statSync(store.spec.slice(5)).size - before[count]) / WRITES;
    const ratio = median(series.get(count).map((ms, round) => ms / series.get(String(FEW))[round]));
    rows.push([count, median(series.get(count)).toFixed(2), ratio.toFixed(2), Math.round(bytes)]);
    await store.close();
  }
  printTable(`Adding a key, interleaved, ${WRITES} writes`, ["keys", "ms", "ratio", "bytes"], rows);
}

/** Opens a store and reads from it, each time in a new process. */
async function opening() {
  const one = `await store.get("key-${FEW - 1}")`;
  const cases = [
    ["10 keys, get one", files.few, one],
    ["100,000, get one", files.many, one],
    ["100,000, get all", files.many, "await store.snapshot()"],
    ["100,000, no checkpoint, one", files.fresh, one],
    ["100,000, no checkpoint, all", files.fresh, "await store.snapshot()"],
    ["100,000 compacted, one", files.compacted, one],
    ["100,000 compacted, all", files.compacted, "await store.snapshot()"],
  ];
  const memory = new Map(cases.map(([name]) => [name, []]));
  const series = await interleave(
    cases.map(([name, file, act]) => ({
      name,
      run() {
        deleteCheckpoint(file);
        const code = `import { openStore } from ${JSON.stringify(join(ROOT, "dist/index.js"))};
          const start = performance.now();
          const store = await openStore(${JSON.stringify(`file:${file}`)});
          ${act};
          console.log(performance.now() - start, process.resourceUsage().maxRSS / 1024);`;
        const flags = ["--input-type=module", "-e", code];
        const { stdout } = spawnSync(process.execPath, flags, { env: plain, encoding: "utf8" });
        const [ms, mib] = stdout.split(" ").map(Number);
        memory.get(name).push(mib);
        return ms;
      },
    })),
    ROUNDS,
  );
  const size = (file) => (statSync(file).size / 1e6).toFixed(1);
  printTable(
    `Opening, interleaved, ${ROUNDS} rounds`,
    ["what", "MB on disk", "ms median", "ms min", "peak MiB"],
    cases.map(([name, file]) => {
      const all = series.get(name);
      return [
        name,
        size(file),
        median(all).toFixed(0),
        Math.min(...all).toFixed(0),
        median(memory.get(name)).toFixed(0),
      ];
    }),
  );
}

async function commands() {
  let created = 0;
  const verbs = { generate: () => ["generate", `made-${created++}`], check: () => ["check"] };
  const cases = Object.entries(verbs).flatMap(([verb, args]) =>
    Object.entries(files).map(([size, file]) => ({
      name: `${verb} ${size}`,
      run() {
        deleteCheckpoint(file);
        const start = performance.now();
        cli(file, args());
        return performance.now() - start;
      },
    })),
  );
  const series = await interleave(cases, ROUNDS);
  const difference = (verb, size) =>
    median(series.get(`${verb} ${size}`).map((ms, round) => ms - series.get(`${verb} few`)[round]));
  printTable(
    `CLI with 100,000 keys and with 10, interleaved, ${ROUNDS} rounds`,
    ["command", "ms at 10", "ms at 100,000", "more", "no checkpoint", "more", "compacted", "more"],
    Object.keys(verbs).map((verb) => [
      verb,
      Math.round(median(series.get(`${verb} few`))),
      ...["many", "fresh", "compacted"].flatMap((size) =>
        [median(series.get(`${verb} ${size}`)), difference(verb, size)].map(Math.round),
      ),
    ]),
  );
}

/** Restores the first state, because each reader without a checkpoint writes one. */
function deleteCheckpoint(file) {
  if (file === files.fresh) rmSync(`${file}.checkpoint`, { force: true });
}

function cli(file, args) {
  const flags = [BIN, "--store", `file:${file}`, ...args];
  const { stdout, stderr, error } = spawnSync(process.execPath, flags, {
    env: plain,
    input: token,
    encoding: "utf8",
  });
  if (error !== undefined || stdout === "") throw new Error(stderr, { cause: error });
  return stdout;
}

/** Formats a journal of `count` records (docs/journal.md). The first has the key of the token. */
function journal(count) {
  let prev = "0".repeat(64);
  const lines = [];
  for (let seq = 1; seq <= count; seq++) {
    const keys = [{ ...(seq === 1 ? ownKey() : key(`key-${seq - 1}`)), revision: 1 }];
    const whole = JSON.stringify({ v: 1, seq, prev, at: 1_800_000_000, by: "bench@here", op: "generate", keys });
    prev = hash("sha256", whole.slice(0, -1));
    lines.push(`\n${whole.slice(0, -1)},"sum":"${prev}"}\t`);
  }
  return lines.join("");
}

function ownKey() {
  return { ...key("ci"), id: token.split("_")[1], versions: [version(`sha256:${hash("sha256", token)}`)] };
}

function key(name) {
  const id = randomBytes(6).toString("hex");
  return {
    ...{ id, name, prefix: "mcp", scopes: [], audience: [], tags: {}, createdAt: 1_800_000_000 },
    ...{ createdBy: "bench@here", enabled: true, revision: 0 },
    versions: [version(`sha256:${randomBytes(32).toString("hex")}`)],
  };
}

function version(digest) {
  return { n: 1, digest, createdAt: 1_800_000_000, expiresAt: null, state: "current" };
}

async function compact(file) {
  const store = await openStore(`file:${file}`);
  await store.compact({ at: 1_800_000_000, by: "bench@here" });
  await store.close();
}
