/**
 * Measures a verdict from the header, compared with one bare SHA-256 of the token and with other packages. Goals: an acceptance runs
 * at 0.40 times the rate of the bare digest with 1,000 keys and 0.25 times with 100,000, 2.5 times that of prefixed-api-key and 300
 * times that of better-auth on SQLite. A refusal may cost one digest and one checksum.
 */
import { hash } from "node:crypto";
import { crc32 } from "node:zlib";
import { createKeys, createVerifier, openStore } from "../dist/index.js";
import { interleave, median, printTable } from "./figures.js";
import { createBetterAuth, createPrefixed } from "./peers.js";
import { row } from "./rows.js";

/** Short, so noise affects neighbouring cases equally. */
const ROUND_MS = 20;
const WARM_UP_ROUNDS = 5;
const BARE = "one bare SHA-256 of the token";
const ACCEPTED = "accepted, 1,000 keys";
const ACCEPTED_OF_MANY = "accepted, 100,000 keys";
const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

async function createServer(count) {
  const store = await openStore("memory:");
  const keys = createKeys({ store, by: "bench@here" });
  const headers = [];
  for (let i = 0; i < count; i++) {
    const { token } = await keys.generate({ name: `key-${i}`, expiresAt: null, scopes: ["mcp"] });
    headers.push(`Bearer ${token.reveal()}`);
  }
  // Not in the order of the records in memory.
  headers.sort((a, b) => (a.slice(-20) < b.slice(-20) ? -1 : 1));
  return { headers: receive(headers), verifier: await createVerifier({ store }) };
}

/** Puts the headers into one buffer, as from a socket, so the bench does not measure scattered reads. */
function receive(headers) {
  const width = headers[0].length;
  return { bytes: Buffer.from(headers.join("")), width, count: headers.length };
}

function mistype({ bytes, width, count }) {
  const copy = Buffer.from(bytes);
  for (let last = width - 1; last < copy.length; last += width) copy[last] = copy[last] === 48 ? 49 : 48;
  return { bytes: copy, width, count };
}

/** Keeps the id, changes the secret and corrects the checksum, so only the digest differs. */
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

/** Returns nanoseconds per header. Creates a new string for each, as an HTTP parser does. */
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

export async function rows({ long, rounds = long ? 75 : 25 }) {
  const [small, large, other] = await Promise.all([1_000, 100_000, 1_000].map(createServer));
  const missing = { bytes: Buffer.from(""), width: 0, count: 1 };
  const own = [
    [BARE, small.headers, (header) => hash("sha256", header.slice(7))],
    [ACCEPTED, small.headers, (header) => small.verifier.verifyHeader(header)],
    [ACCEPTED_OF_MANY, large.headers, (header) => large.verifier.verifyHeader(header)],
    ["refused, no token", missing, (header) => small.verifier.verifyHeader(header)],
    ["refused, mistyped", mistype(small.headers), (header) => small.verifier.verifyHeader(header)],
    ["refused, forged", forge(small.headers), (header) => small.verifier.verifyHeader(header)],
    ["refused, unknown", other.headers, (header) => small.verifier.verifyHeader(header)],
  ].map(([name, headers, judge]) => ({ name, run: () => measure(headers, judge) }));
  const peers = [await createPrefixed(1_000, sendTo), await createBetterAuth(1_000, ROUND_MS)].filter(Boolean);
  const cases = [...own, ...peers];
  for (const { run } of cases) for (let i = 0; i < WARM_UP_ROUNDS; i++) await run();
  const series = await interleave(cases, rounds);
  await Promise.all([small, large, other].map(({ verifier }) => verifier.close()));
  if (long) print(series, peers, rounds);
  const least = (name) => Math.min(...series.get(name));
  const against = (what, name, over, goal) =>
    row({ what, peer: least(over), ours: least(name), unit: "ns", ratio: least(over) / least(name), goal });
  return [
    against("a verdict, 1,000 keys; peer: one SHA-256 of the token", ACCEPTED, BARE, ">= 0.40"),
    against("a verdict, 100,000 keys; peer: one SHA-256 of the token", ACCEPTED_OF_MANY, BARE, ">= 0.25"),
    ...peers.map(({ name, goal }) => against(`a verdict, 1,000 keys; peer: ${name}`, ACCEPTED, name, goal)),
  ];
}

function print(series, peers, rounds) {
  const times = (name, over) => median(series.get(over).map((ns, round) => ns / series.get(name)[round]));
  printTable(
    `Verifying, one interleaved run of ${rounds} rounds of ${ROUND_MS} ms`,
    ["case", "ns", "least", "speed, times bare", "best by best"],
    [...series].map(([name, ns]) => [
      ...[name, Math.round(median(ns)), Math.round(Math.min(...ns)), times(name, BARE).toPrecision(2)],
      (Math.min(...series.get(BARE)) / Math.min(...ns)).toPrecision(2),
    ]),
  );
  if (peers.length === 0) return;
  printTable(
    "Accepting at 1,000 keys, in the same run",
    ["against", "times as fast"],
    peers.map(({ name }) => [name, times(ACCEPTED, name).toPrecision(2)]),
  );
}
