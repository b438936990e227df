/** Measures how many keys one process issues per second, including digest and record. Goal: 100,000. */
import { createKeys, openStore } from "../dist/index.js";
import { hash, randomBytes } from "node:crypto";
import { median, printTable } from "./figures.js";

const COUNT = 20_000;
const ROUNDS = 7;

async function issue() {
  const store = await openStore("memory:");
  const keys = createKeys({ store, by: "bench@here" });
  const start = performance.now();
  for (let i = 0; i < COUNT; i++) await keys.generate({ name: `key-${i}`, expiresAt: null });
  return COUNT / ((performance.now() - start) / 1000);
}

/** The minimum: random bytes and one digest. */
function bare() {
  const start = performance.now();
  for (let i = 0; i < COUNT; i++) hash("sha256", randomBytes(32).toString("hex"));
  return COUNT / ((performance.now() - start) / 1000);
}

const seen = { issue: [], bare: [] };
for (let round = 0; round < ROUNDS; round++) {
  seen.bare.push(bare());
  seen.issue.push(await issue());
}
printTable(
  `Issuing, one interleaved run of ${ROUNDS} rounds of ${COUNT} keys`,
  ["case", "per second", "times bare"],
  [
    ["randomBytes and one SHA-256", Math.round(median(seen.bare)), "1.00"],
    [
      "generate into memory:",
      Math.round(median(seen.issue)),
      median(seen.issue.map((rate, round) => rate / seen.bare[round])).toFixed(2),
    ],
  ],
);
