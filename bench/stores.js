/**
 * Compares the file store with 100,000 keys and with 10, with and without a checkpoint. Goals: a command that needs one key takes 1.3
 * times as long; `list --json` takes 1.3 times as long as a script that parses each line and prints the same; a verifier starts within
 * 0.5 s; the memory of a compaction does not grow with the number of changes.
 */
import { spawnSync } from "node:child_process";
import { hash, randomBytes } from "node:crypto";
import { appendFileSync, copyFileSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openStore } from "../dist/index.js";
import { interleave, median, printTable } from "./figures.js";
import { row } from "./rows.js";

const MANY = 100_000;
const FEW = 10;
const WRITES = 200;
/** Earlier than now: a rotation refuses a key of the future. */
const AT = 1_700_000_000;
const ROOT = fileURLToPath(new URL("..", import.meta.url));
const BIN = join(ROOT, "bin/mcp-keys.js");
const HOLDERS = 1_000;
const LIBRARY = JSON.stringify(join(ROOT, "dist/index.js"));
const dir = mkdtempSync(join(tmpdir(), "mcp-keys-bench-"));
const { NODE_EXTRA_CA_CERTS: _, ...plain } = process.env;

const files = Object.fromEntries(
  ["few", "many", "fresh", "compacted"].map((name) => [name, join(dir, `${name}.jsonl`)]),
);
let token = "";

export async function rows({ long, rounds = long ? 9 : 5 }) {
  token = JSON.parse(cli(files.few, ["generate", "ci", "--json"])).token;
  writeFileSync(files.few, journal(FEW), { mode: 0o600 });
  writeFileSync(files.many, journal(MANY), { mode: 0o600 });
  copyFileSync(files.many, files.fresh);
  copyFileSync(files.many, files.compacted);
  await compact(files.compacted);
  // Writes the checkpoint.
  cli(files.many, ["check"]);
  if (long) await adding();
  if (long) await opening(rounds);
  const result = [...(await commands(long, 3 * rounds)), await listing(rounds), start(rounds), ...compaction(long)];
  rmSync(dir, { recursive: true });
  return result;
}

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
      await store.write({ op: "generate", at: AT, by: "bench@here", keys: [key(`new-${created++}`)] });
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
async function opening(rounds) {
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
        const code = `import { openStore } from ${LIBRARY};
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
    rounds,
  );
  const size = (file) => (statSync(file).size / 1e6).toFixed(1);
  printTable(
    `Opening, interleaved, ${rounds} rounds`,
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

async function commands(long, rounds) {
  let created = 0;
  const verbs = {
    check: () => ["check"],
    generate: () => ["generate", `made-${created++}`],
    rotate: (round) => ["rotate", `key-${round + 1}`],
  };
  const sizes = long ? Object.keys(files) : ["few", "many"];
  const cases = Object.entries(verbs).flatMap(([verb, args]) =>
    sizes.map((size) => {
      let round = 0;
      return {
        name: `${verb} ${size}`,
        run() {
          deleteCheckpoint(files[size]);
          const start = performance.now();
          cli(files[size], args(round++ % (FEW - 1)));
          return performance.now() - start;
        },
      };
    }),
  );
  const series = await interleave(cases, rounds);
  if (long) {
    printTable(
      `CLI with 100,000 keys and with 10, interleaved, ${rounds} rounds, ms median`,
      ["command", ...sizes],
      Object.keys(verbs).map((verb) => [
        verb,
        ...sizes.map((size) => Math.round(median(series.get(`${verb} ${size}`)))),
      ]),
    );
  }
  return Object.keys(verbs).map((verb) => {
    const [peer, ours] = ["few", "many"].map((size) => Math.min(...series.get(`${verb} ${size}`)));
    const what = `mcp-keys ${verb} with 100,000 keys; peer: with 10`;
    return row({ what, peer, ours, unit: "ms", ratio: ours / peer, goal: "<= 1.3" });
  });
}

/** A list of 100,000 keys takes as long as its output, so the peer prints as much. */
async function listing(rounds) {
  const script = join(dir, "list.mjs");
  writeFileSync(
    script,
    `import { readFileSync } from "node:fs";
     const keys = new Map();
     for (const line of readFileSync(process.argv[2], "utf8").split("\\n")) {
       if (line !== "") for (const key of JSON.parse(line).keys) keys.set(key.id, key);
     }
     process.stdout.write(JSON.stringify({ keys: [...keys.values()] }, null, 2));`,
  );
  const cases = [
    { name: "peer", run: () => time(() => node([script, files.many])) },
    { name: "ours", run: () => time(() => cli(files.many, ["list", "--json"])) },
  ];
  const series = await interleave(cases, rounds);
  const [peer, ours] = ["peer", "ours"].map((name) => Math.min(...series.get(name)));
  const what = "mcp-keys list --json with 100,000 keys; peer: a script that parses and prints them";
  return row({ what, peer, ours, unit: "ms", ratio: ours / peer, goal: "<= 1.3" });
}

/** Starts a verifier, in a process that has already loaded the library. */
function start(rounds) {
  const code = `import { createVerifier, openStore } from ${LIBRARY};
    const start = performance.now();
    const store = await openStore(${JSON.stringify(`file:${files.many}`)});
    const verifier = await createVerifier({ store });
    console.log(performance.now() - start);
    await verifier.close();
    await store.close();`;
  const all = Array.from({ length: rounds }, () => Number(node(["--input-type=module", "-e", code])));
  const what = "start of a verifier on a file with 100,000 keys";
  return row({ what, ours: Math.min(...all) / 1000, unit: "s", goal: "<= 0.5" });
}

/** Peak memory of a compaction of so many changes of 1,000 keys, and of one key a change. */
function compaction(long) {
  const counts = long ? [100_000, 300_000, 1_000_000] : [100_000, 300_000];
  const peaks = counts.map((count) => {
    const file = join(dir, `changes-${count}.jsonl`);
    writeFileSync(file, "", { mode: 0o600 });
    for (const part of journalParts(count, HOLDERS)) appendFileSync(file, part);
    return peakOfCompaction(file);
  });
  const changes = counts.slice(1).map((count, i) => {
    const what = `peak memory of a compaction of ${count.toLocaleString("en")} changes; peer: of 100,000`;
    const [peer, ours] = [peaks[0], peaks[i + 1]];
    return row({ what, peer, ours, unit: "MiB", ratio: ours / peer, goal: "<= 1.5" });
  });
  const what = "peak memory of a compaction of 100,000 keys";
  return [...changes, row({ what, ours: peakOfCompaction(files.fresh), unit: "MiB" })];
}

/** In MiB. Removes the file. */
function peakOfCompaction(file) {
  const code = `import { openStore } from ${LIBRARY};
    const store = await openStore(${JSON.stringify(`file:${file}`)});
    await store.compact({ at: ${AT}, by: "bench@here" });
    console.log(process.resourceUsage().maxRSS / 1024);`;
  const peak = Number(node(["--input-type=module", "-e", code]));
  rmSync(file);
  return peak;
}

function time(run) {
  const start = performance.now();
  run();
  return performance.now() - start;
}

/** Restores the first state, because each reader without a checkpoint writes one. */
function deleteCheckpoint(file) {
  if (file === files.fresh) rmSync(`${file}.checkpoint`, { force: true });
}

function cli(file, args) {
  return node([BIN, "--store", `file:${file}`, ...args]);
}

function node(args) {
  const options = { env: plain, input: token, encoding: "utf8", maxBuffer: 2 ** 30 };
  const { stdout, stderr, error } = spawnSync(process.execPath, args, options);
  if (error !== undefined || stdout === "") throw new Error(stderr, { cause: error });
  return stdout;
}

/** Formats a journal of `count` records (docs/journal.md). The first has the key of the token. */
function journal(count) {
  return [...journalParts(count, count)].join("");
}

/** The same in parts. The records change so many keys in turn. */
function* journalParts(count, holders) {
  const all = Array.from({ length: Math.min(count, holders) }, (_, i) => (i === 0 ? ownKey() : key(`key-${i}`)));
  let prev = "0".repeat(64);
  let lines = [];
  for (let seq = 1; seq <= count; seq++) {
    const changed = all[(seq - 1) % all.length];
    changed.revision++;
    const op = changed.revision === 1 ? "generate" : "update";
    const whole = JSON.stringify({ v: 1, seq, prev, at: AT, by: "bench@here", op, keys: [changed] });
    prev = hash("sha256", whole.slice(0, -1));
    lines.push(`\n${whole.slice(0, -1)},"sum":"${prev}"}\t`);
    if (seq % 10_000 === 0 || seq === count) {
      yield lines.join("");
      lines = [];
    }
  }
}

function ownKey() {
  return { ...key("ci"), id: token.split("_")[1], versions: [version(`sha256:${hash("sha256", token)}`)] };
}

function key(name) {
  const id = randomBytes(6).toString("hex");
  return {
    ...{ id, name, prefix: "mcp", scopes: [], audience: [], tags: {}, createdAt: AT },
    ...{ createdBy: "bench@here", enabled: true, revision: 0 },
    versions: [version(`sha256:${randomBytes(32).toString("hex")}`)],
  };
}

function version(digest) {
  return { n: 1, digest, createdAt: AT, expiresAt: null, state: "current", promotedAt: AT };
}

async function compact(file) {
  const store = await openStore(`file:${file}`);
  await store.compact({ at: AT, by: "bench@here" });
  await store.close();
}
