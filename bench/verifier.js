/**
 * From the header to the verdict, against one bare SHA-256 of the token and against others who check keys. Goals: 0.40 times
 * bare at 1,000 keys, 0.25 times at 100,000; 2.5 times prefixed-api-key, 300 times better-auth on SQLite; refusals cheaper
 * than an acceptance: at most 0.1 us without a token, 0.5 us for a bad checksum (on a quiet machine: 1.4 times bare).
 */
import { hash } from "node:crypto";
import { crc32 } from "node:zlib";
import { createKeys, createVerifier, openStore } from "../dist/index.js";
import { interleave, median, printTable } from "./figures.js";
import { createBetterAuth, createPrefixed } from "./peers.js";

const ROUNDS = Number(process.env.ROUNDS ?? 75);
/** Short, so that what disturbs one case for a while disturbs its neighbours alike. */
const ROUND_MS = 20;
const WARM_UP_ROUNDS = 5;
const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

async function createServer(count) {
  const store = await openStore("memory:");
  const keys = createKeys({ store, by: "bench@here" });
  const headers = [];
  for (let i = 0; i < count; i++) {
    const { token } = await keys.generate({ name: `key-${i}`, expiresAt: null, scopes: ["mcp"] });
    headers.push(`Bearer ${token.reveal()}`);
  }
  // Not in the order in which they lie in memory.
  headers.sort((a, b) => (a.slice(-20) < b.slice(-20) ? -1 : 1));
  return { headers: receive(headers), verifier: await createVerifier({ store }) };
}

/** In one buffer, as from a socket: fetching each from a place of its own would be measured as well. */
function receive(headers) {
  const width = headers[0].length;
  return { bytes: Buffer.from(headers.join("")), width, count: headers.length };
}

function mistype({ bytes, width, count }) {
  const copy = Buffer.from(bytes);
  for (let last = width - 1; last < copy.length; last += width) copy[last] = copy[last] === 48 ? 49 : 48;
  return { bytes: copy, width, count };
}

/** The key's id, another secret, and the checksum that fits: all of a digest has to be made to tell. */
function forge({ bytes, width, count }) {
  const copy = Buffer.from(bytes);
  for (let end = width; end <= copy.length; end += width) {
    copy[end - 20] = copy[end - 20] === 48 ? 49 : 48;
    copy.write(checksumOf(copy.subarray(end - width + "Bearer ".length, end - 6)), end - 6);
  }
  return { bytes: copy, width, count };
}

function checksumOf(body) {
  let checksum = "";
  for (let rest = crc32(body); checksum.length < 6; rest = Math.floor(rest / 62))
    checksum = BASE62[rest % 62] + checksum;
  return checksum;
}

/** Nanoseconds for one header. A parser makes a new string of each that comes in, and so does this. */
function measure({ bytes, width, count }, judge) {
  let done = 0;
  const start = performance.now();
  do {
    for (let i = 0; i < 256; i++) {
      const at = (done++ % count) * width;
      judge(bytes.latin1Slice(at, at + width));
    }
  } while (performance.now() - start < ROUND_MS);
  return ((performance.now() - start) * 1e6) / done;
}

function sendTo(judge, headers) {
  const received = receive(headers);
  return () => measure(received, judge);
}

const [small, large, stranger] = await Promise.all([1_000, 100_000, 1_000].map(createServer));
const missing = { bytes: Buffer.from(""), width: 0, count: 1 };
const bare = "one bare SHA-256 of the token";
const own = [
  [bare, small.headers, (header) => hash("sha256", header.slice(7))],
  ["accepted, 1,000 keys", small.headers, (header) => small.verifier.verifyHeader(header)],
  ["accepted, 100,000 keys", large.headers, (header) => large.verifier.verifyHeader(header)],
  ["refused, no token", missing, (header) => small.verifier.verifyHeader(header)],
  ["refused, mistyped", mistype(small.headers), (header) => small.verifier.verifyHeader(header)],
  ["refused, forged", forge(small.headers), (header) => small.verifier.verifyHeader(header)],
  ["refused, unknown", stranger.headers, (header) => small.verifier.verifyHeader(header)],
].map(([name, headers, judge]) => ({ name, run: () => measure(headers, judge) }));
const peers = [await createPrefixed(1_000, sendTo), await createBetterAuth(1_000, ROUND_MS)].filter(Boolean);
const cases = [...own, ...peers];
for (const { run } of cases) for (let i = 0; i < WARM_UP_ROUNDS; i++) await run();
const series = await interleave(cases, ROUNDS);

const times = (name, over) => median(series.get(over).map((ns, round) => ns / series.get(name)[round]));
const accepted = "accepted, 1,000 keys";
printTable(
  `Verifying, one interleaved run of ${ROUNDS} rounds of ${ROUND_MS} ms`,
  ["what", "ns", "least", "speed, times bare", "best by best", "goal"],
  [...series].map(([name, ns]) => [
    ...[name, Math.round(median(ns)), Math.round(Math.min(...ns)), times(name, bare).toPrecision(2)],
    ...[(Math.min(...series.get(bare)) / Math.min(...ns)).toPrecision(2), goalOf(name)],
  ]),
);
if (peers.length > 0) {
  printTable(
    "Accepting at 1,000 keys, in the same run",
    ["against", "times as fast", "goal"],
    peers.map(({ name, goal }) => [name, times(accepted, name).toPrecision(2), goal]),
  );
}
await Promise.all([small, large, stranger].map(({ verifier }) => verifier.close()));
// SQLite and better-auth leave handles open.
process.exit();

function goalOf(name) {
  if (name === accepted) return ">= 0.40";
  if (name === "accepted, 100,000 keys") return ">= 0.25";
  return name.startsWith("refused") ? `> ${times(accepted, bare).toPrecision(2)}` : "";
}
