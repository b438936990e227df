// Header to verdict, against one bare SHA-256 of the token, in the same interleaved run: node bench/verifier.js
// Quote the ratios: with other load on the machine the absolute figures fall, the ratios hardly move.
import { hash } from "node:crypto";
import { createKeys, createVerifier, openStore } from "../dist/index.js";

const ROUNDS = Number(process.env.ROUNDS ?? 9);
const ROUND_MS = Number(process.env.ROUND_MS ?? 150);

/** A server's parser makes a new string of each header, so the bench does as well. */
const fresh = (/** @type {Buffer} */ bytes) => bytes.latin1Slice();

async function createCase(/** @type {number} */ count) {
  const store = await openStore("memory:");
  const keys = createKeys({ store, by: "bench" });
  const headers = [];
  for (let i = 0; i < count; i++) {
    const { token } = await keys.generate({ name: `key-${i}`, expiresAt: null, scopes: ["mcp"] });
    headers.push(Buffer.from(`Bearer ${token.reveal()}`));
  }
  // Not in the order in which they lie in memory.
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [headers[i], headers[j]] = [headers[j], headers[i]];
  }
  const verifier = await createVerifier({ store });
  return { headers, verifier };
}

const small = await createCase(1_000);
const large = await createCase(100_000);
const stranger = await createCase(1_000);
const mistyped = small.headers.map((header) => {
  const copy = Buffer.from(header);
  copy[copy.length - 1] = copy.at(-1) === 48 ? 49 : 48;
  return copy;
});
const none = [Buffer.from("")];

/** Name → what is done to one header. */
const cases = {
  "one bare SHA-256 of the token": [small.headers, (header) => hash("sha256", header.slice(7))],
  "accepted, 1,000 keys": [small.headers, (header) => small.verifier.verifyHeader(header)],
  "the same hash over 100,000 tokens": [large.headers, (header) => hash("sha256", header.slice(7))],
  "accepted, 100,000 keys": [large.headers, (header) => large.verifier.verifyHeader(header)],
  "refused, no token": [none, (header) => small.verifier.verifyHeader(header)],
  "refused, mistyped": [mistyped, (header) => small.verifier.verifyHeader(header)],
  "refused, unknown": [stranger.headers, (header) => small.verifier.verifyHeader(header)],
};

function measure([headers, run], ms) {
  let done = 0;
  const start = performance.now();
  while (performance.now() - start < ms) {
    for (let i = 0; i < 256; i++) run(fresh(headers[done++ % headers.length]));
  }
  return done / (performance.now() - start);
}

const figures = new Map(Object.keys(cases).map((name) => [name, []]));
for (const each of Object.values(cases)) measure(each, ROUND_MS);
for (let round = 0; round < ROUNDS; round++) {
  const order = Object.entries(cases).sort(() => Math.random() - 0.5);
  for (const [name, each] of order) figures.get(name).push(measure(each, ROUND_MS));
}

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
const bare = figures.get("one bare SHA-256 of the token");
const rows = [...figures].map(([name, values]) => ({
  case: name,
  "a second": Math.round(median(values) * 1000).toLocaleString("en"),
  "ns each": Math.round(1e6 / median(values)),
  "× bare hash": median(values.map((value, i) => value / bare[i])).toFixed(2),
}));
console.table(rows);
await Promise.all([small, large, stranger].map(({ verifier }) => verifier.close()));
