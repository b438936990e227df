import { expect, test } from "vitest";
import { createKeys } from "../../../src/keys/keys.ts";
import { Durations, TIMED_ONE_IN } from "../../../src/server/metrics/durations.ts";
import { formatMetrics, prometheusName } from "../../../src/server/metrics/format-metrics.ts";
import { DURATION, METRICS } from "../../../src/server/metrics/metrics.ts";
import { createCounters } from "../../../src/server/verifier/counters.ts";
import { createVerifier } from "../../../src/server/verifier/verifier.ts";
import { openMemoryStore } from "../../../src/stores/memory.ts";
import { KeysError } from "../../../src/errors.ts";
import { createFixture, until } from "../fixture.ts";
import { parseExposition } from "./exposition.ts";

const DAY = 86_400;

/** Returns a metric's samples by their labels. */
async function read(verifier: { metrics(): Promise<string> }, name: string): Promise<Record<string, number>> {
  const { samples } = parseExposition(await verifier.metrics()).get(name)!;
  return Object.fromEntries([...samples].map(([key, value]) => [key.slice(name.length), value]));
}

test("metrics are valid in Prometheus's text format, and none has a key in it", async () => {
  const { verifier, issue, keys } = await createFixture();
  const token = await issue("ci");
  for (let i = 0; i < 100; i++) verifier.verify(token);
  const text = await verifier.metrics();
  const families = parseExposition(text);
  expect([...families.keys()]).toEqual([...METRICS, DURATION].map(prometheusName));
  const [key] = await keys.list();
  for (const secret of [token, token.slice(-20), key!.id]) expect(text).not.toContain(secret);
});

test("an empty store without requests has valid metrics too", async () => {
  const { verifier } = await createFixture();
  const families = parseExposition(await verifier.metrics());
  expect(families.get("mcp_keys_last_accept_timestamp_seconds")!.samples.size).toBe(0);
  expect(families.get("mcp_keys_next_expiry_timestamp_seconds")!.samples.size).toBe(0);
  expect(families.get("mcp_keys_verify_duration_seconds")!.samples.get("mcp_keys_verify_duration_seconds_count")).toBe(
    0,
  );
});

test("counts verdicts by outcome and reason", async () => {
  const { verifier, issue, keys, clock, followed } = await createFixture();
  const token = await issue("ci");
  verifier.verify(token);
  clock.now += 7;
  verifier.verify(token);
  verifier.verifyHeader(null);
  await keys.revoke("ci", { reason: "unused" });
  await followed();
  verifier.verify(token);
  expect(await read(verifier, "mcp_keys_verdicts_total")).toMatchObject({
    '{outcome="accepted",reason="none"}': 2,
    '{outcome="refused",reason="missing"}': 1,
    '{outcome="refused",reason="revoked"}': 1,
    '{outcome="refused",reason="expired"}': 0,
    '{outcome="unavailable",reason="store-unavailable"}': 0,
    '{outcome="unavailable",reason="pepper-missing"}': 0,
  });
  expect(await read(verifier, "mcp_keys_last_accept_timestamp_seconds")).toEqual({ "": clock.now });
});

test("a store that fails shows in its lag, its freshness and the faults by code", async () => {
  const { verifier, trouble, clock } = await createFixture({ maxStaleness: 10 });
  expect(await read(verifier, "mcp_keys_store_fresh")).toEqual({ '{store="0"}': 1 });
  trouble.fault = new KeysError("STORE_DAMAGED", "line 1");
  await until(() => verifier.counters.faults > 0);
  clock.now += 60;
  await until(() => !verifier.ready);
  expect(await read(verifier, "mcp_keys_store_fresh")).toEqual({ '{store="0"}': 0 });
  const { '{store="0"}': lag } = await read(verifier, "mcp_keys_store_lag_seconds");
  expect(lag).toBeGreaterThanOrEqual(60);
  const faults = await read(verifier, "mcp_keys_store_faults_total");
  expect(faults['{kind="store-damaged"}']).toBeGreaterThan(0);
  expect(faults['{kind="store-unavailable"}']).toBe(0);
});

test("keys are counted by status, each store apart", async () => {
  const [first, second] = [await openMemoryStore(), await openMemoryStore()];
  const clock = { now: 1_800_000_000 };
  const keysOf = (store: typeof first) => createKeys({ store, now: () => clock.now, by: "test", peppers: [] });
  const [one, two] = [keysOf(first), keysOf(second)];
  for (const name of ["a", "b"]) await one.generate({ name, expiresAt: clock.now + 400 * DAY });
  await one.generate({ name: "soon", expiresAt: clock.now + 3 * DAY });
  await one.generate({ name: "off", expiresAt: clock.now + 1 * DAY });
  await one.disable("off");
  await two.generate({ name: "c", expiresAt: null });
  const verifier = await createVerifier({ stores: [first, second], now: () => clock.now });
  expect(await read(verifier, "mcp_keys_keys")).toMatchObject({
    '{status="active",store="0"}': 2,
    '{status="expiring",store="0"}': 1,
    '{status="disabled",store="0"}': 1,
    '{status="active",store="1"}': 1,
    '{status="expiring",store="1"}': 0,
  });
  expect(await read(verifier, "mcp_keys_next_expiry_timestamp_seconds")).toEqual({
    '{store="0"}': clock.now + 3 * DAY,
  });
  expect(await read(verifier, "mcp_keys_store_seq")).toEqual({ '{store="0"}': 5, '{store="1"}': 1 });
  await verifier.close();
});

test("a store with many keys is counted in steps, and other work runs in between", async () => {
  const { verifier, store } = await createFixture();
  const keys = createKeys({ store, by: "test", peppers: [] });
  for (let i = 0; i < 25_000; i++) await keys.generate({ name: `k${i}`, expiresAt: null });
  await until(async () => (await read(verifier, "mcp_keys_store_seq"))['{store="0"}'] === 25_000);
  let turns = 0;
  let isDone = false;
  const count = (): void => {
    turns++;
    if (!isDone) setImmediate(count);
  };
  count();
  const metrics = [verifier.metrics(), verifier.metrics()];
  await Promise.all(metrics).finally(() => (isDone = true));
  expect(turns).toBeGreaterThan(1);
  expect(await metrics[0]).toContain('mcp_keys_keys{status="active",store="0"} 25000\n');
  expect(await metrics[1]).toBe(await metrics[0]);
});

test("times one verdict in a number of them, also one that is refused or cannot be given", () => {
  let ticks = 0;
  const durations = new Durations(() => (ticks += 0.004));
  const accept = durations.time((a: number, b: number) => a + b);
  for (let i = 0; i < 3 * TIMED_ONE_IN; i++) expect(accept(1, 2)).toBe(3);
  const fail = durations.time(() => {
    throw new Error("no");
  });
  for (let i = 0; i < TIMED_ONE_IN; i++) expect(() => fail(1, 2)).toThrow("no");
  const text = formatMetrics({ counters: createCounters(), stores: [] }, durations);
  const { samples } = parseExposition(text).get("mcp_keys_verify_duration_seconds")!;
  expect(samples.get("mcp_keys_verify_duration_seconds_count")).toBe(4);
  expect(samples.get("mcp_keys_verify_duration_seconds_sum")).toBeCloseTo(4 * 4e-6);
  expect(samples.get('mcp_keys_verify_duration_seconds_bucket{le="0.000002"}')).toBe(0);
  expect(samples.get('mcp_keys_verify_duration_seconds_bucket{le="0.000005"}')).toBe(4);
});

test.each([
  ["a sample without a family", "a 1\n"],
  ["a last line that does not end", "# HELP a b\n# TYPE a gauge\na 1"],
  ["a sample twice", "# HELP a b\n# TYPE a gauge\na 1\na 2\n"],
  ["a counter without _total", "# HELP a b\n# TYPE a counter\na 1\n"],
  ["an unescaped quote", '# HELP a b\n# TYPE a gauge\na{b="c"d"} 1\n'],
  ["a type after a sample", "# HELP a b\na 1\n# TYPE a gauge\n"],
  ["a value that is no number", "# HELP a b\n# TYPE a gauge\na x\n"],
])("the parser of these tests refuses %s", (_, text) => {
  expect(() => parseExposition(text)).toThrow();
});
