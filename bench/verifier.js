/**
 * From the header to the verdict, against one bare SHA-256 of the token. Goals: 0.40 times at 1,000 keys, 0.25 times at
 * 100,000, and a refusal cheaper than an acceptance.
 */
import { hash } from "node:crypto";
import { createKeys, createVerifier, openStore } from "../dist/index.js";
import { interleave, median, printTable } from "./figures.js";

const ROUNDS = 15;
const ROUND_MS = 100;

async function createServer(count) {
  const store = await openStore("memory:");
  const keys = createKeys({ store, by: "bench@here" });
  const headers = [];
  for (let i = 0; i < count; i++) {
    const { token } = await keys.generate({ name: `key-${i}`, expiresAt: null, scopes: ["mcp"] });
    headers.push(Buffer.from(`Bearer ${token.reveal()}`));
  }
  // Not in the order in which they lie in memory.
  headers.sort((a, b) => Buffer.compare(a.subarray(-20), b.subarray(-20)));
  return { headers, verifier: await createVerifier({ store }) };
}

function mistype(header) {
  const copy = Buffer.from(header);
  copy[copy.length - 1] = copy.at(-1) === 48 ? 49 : 48;
  return copy;
}

/** Nanoseconds for one header. A parser makes a new string of each that comes in, and so does this. */
function measure(headers, judge) {
  let done = 0;
  const start = performance.now();
  do {
    for (let i = 0; i < 256; i++) judge(headers[done++ % headers.length].latin1Slice());
  } while (performance.now() - start < ROUND_MS);
  return ((performance.now() - start) * 1e6) / done;
}

const [small, large, stranger] = await Promise.all([1_000, 100_000, 1_000].map(createServer));
const bare = "one bare SHA-256 of the token";
const cases = [
  [bare, small.headers, (header) => hash("sha256", header.slice(7))],
  ["accepted, 1,000 keys", small.headers, (header) => small.verifier.verifyHeader(header)],
  ["accepted, 100,000 keys", large.headers, (header) => large.verifier.verifyHeader(header)],
  ["refused, no token", [Buffer.from("")], (header) => small.verifier.verifyHeader(header)],
  ["refused, mistyped", small.headers.map(mistype), (header) => small.verifier.verifyHeader(header)],
  ["refused, unknown", stranger.headers, (header) => small.verifier.verifyHeader(header)],
].map(([name, headers, judge]) => ({ name, run: () => measure(headers, judge) }));
for (const { run } of cases) run();
const series = await interleave(cases, ROUNDS);

printTable(
  `Verifying, one interleaved run of ${ROUNDS} rounds of ${ROUND_MS} ms`,
  ["what", "ns", "speed, times bare"],
  [...series].map(([name, times]) => [
    name,
    Math.round(median(times)),
    median(times.map((time, round) => series.get(bare)[round] / time)).toFixed(2),
  ]),
);
await Promise.all([small, large, stranger].map(({ verifier }) => verifier.close()));
