/**
 * The file store at 100,000 keys against 10, with the mark that an earlier reader left and without. Goals: adding a key in a running process costs the same and writes at most 1 KB;
 * opening takes at most 300 ms and 160 MiB; `generate` and `check` take at most 150 ms more.
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
  ["few", "many", "unmarked", "compacted"].map((name) => [name, join(dir, `${name}.jsonl`)]),
);
let token = "";
token = JSON.parse(cli(files.few, ["generate", "ci", "--json"])).token;
writeFileSync(files.few, journal(FEW), { mode: 0o600 });
writeFileSync(files.many, journal(MANY), { mode: 0o600 });
copyFileSync(files.many, files.unmarked);
copyFileSync(files.many, files.compacted);
await compact(files.compacted);

await adding();
await opening();
await commands();
rmSync(dir, { recursive: true });

/** In one process, with all keys in memory. */
async function adding() {
  const stores = { [FEW]: await openStore(`file:${files.few}`), [MANY]: await openStore(`file:${files.many}`) };
  const rows = [];
  const before = {};
  for (const [count, store] of Object.entries(stores)) {
    await store.list();
    before[count] = statSync(store.spec.slice(5)).size;
  }
  let made = 0;
  const cases = Object.entries(stores).map(([name, store]) => ({
    name,
    async run() {
      const start = performance.now();
      await store.write({ op: "generate", at: 1_800_000_000, by: "bench@here", keys: [key(`new-${made++}`)] });
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
  printTable(`Adding a key, one interleaved run of ${WRITES} writes`, ["keys", "ms", "ratio", "bytes"], rows);
}

/** In a process of its own each, from the spec to the answer. */
async function opening() {
  const one = `await store.get("key-${FEW - 1}")`;
  const cases = [
    ["10 keys, one of them", files.few, one],
    ["100,000, one of them", files.many, one],
    ["100,000, all", files.many, "await store.snapshot()"],
    ["100,000, no mark, one", files.unmarked, one],
    ["100,000, no mark, all", files.unmarked, "await store.snapshot()"],
    ["100,000 compacted, one", files.compacted, one],
    ["100,000 compacted, all", files.compacted, "await store.snapshot()"],
  ];
  const memory = new Map(cases.map(([name]) => [name, []]));
  const series = await interleave(
    cases.map(([name, file, act]) => ({
      name,
      run() {
        forget(file);
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
    `Opening, one interleaved run of ${ROUNDS} rounds`,
    ["what", "MB on disk", "ms median", "ms least", "peak MiB"],
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
  let made = 0;
  const verbs = { generate: () => ["generate", `made-${made++}`], check: () => ["check"] };
  const cases = Object.entries(verbs).flatMap(([verb, args]) =>
    Object.entries(files).map(([size, file]) => ({
      name: `${verb} ${size}`,
      run() {
        forget(file);
        const start = performance.now();
        cli(file, args());
        return performance.now() - start;
      },
    })),
  );
  const series = await interleave(cases, ROUNDS);
  const above = (verb, size) =>
    median(series.get(`${verb} ${size}`).map((ms, round) => ms - series.get(`${verb} few`)[round]));
  printTable(
    `CLI at 100,000 keys against 10, one interleaved run of ${ROUNDS} rounds`,
    ["command", "ms at 10", "ms at 100,000", "above", "no mark", "above", "compacted", "above"],
    Object.keys(verbs).map((verb) => [
      verb,
      Math.round(median(series.get(`${verb} few`))),
      ...["many", "unmarked", "compacted"].flatMap((size) =>
        [median(series.get(`${verb} ${size}`)), above(verb, size)].map(Math.round),
      ),
    ]),
  );
}

/** As the first reader finds it: each one that has to walk it all leaves a mark. */
function forget(file) {
  if (file === files.unmarked) rmSync(`${file}.checkpoint`, { force: true });
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

/** A journal of `count` records, the first of which is the key of the token, as `docs/journal.md` describes it. */
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
