import { expect, test } from "vitest";
import { KeysError } from "../../../src/errors.ts";
import { createFixture, until } from "../fixture.ts";

const full = new KeysError("STORE_UNAVAILABLE", "the disk is full");

test("writes a use to the store, and nothing for a refusal", async () => {
  const { verifier, issue, rotate, keys, clock, trouble } = await createFixture({ name: "web-1" });
  const old = await issue("ci");
  await issue("idle");
  const token = await rotate("ci", 10);
  clock.now += 10;
  expect(verifier.verify(old).ok).toBe(false);
  expect(verifier.verify(token).ok).toBe(true);
  await until(() => trouble.touched.length > 0);
  const [ci] = await keys.list();
  expect(trouble.touched).toEqual([[{ id: ci!.id, n: 2, at: clock.now, server: "web-1" }]]);
  expect(ci!.versions.map(({ lastUsedAt }) => lastUsedAt)).toEqual([null, clock.now]);
});

test("counts a request without a required scope as a use", async () => {
  const { verifier, issue, trouble } = await createFixture();
  expect(verifier.verify(await issue("ci"), { scopes: ["x"] }).ok).toBe(false);
  await until(() => trouble.touched.length === 1);
});

test("writes many uses of a version once, and a later use again", async () => {
  const { verifier, issue, clock, trouble } = await createFixture();
  const token = await issue("ci");
  for (let i = 0; i < 100; i++) verifier.verify(token);
  await until(() => trouble.touched.length === 1);
  verifier.verify(token);
  clock.now -= 5;
  verifier.verify(token);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(trouble.touched).toHaveLength(1);
  clock.now += 6;
  verifier.verify(token);
  await until(() => trouble.touched.length === 2);
  expect(trouble.touched.flat().map(({ at }) => at)).toEqual([1_800_000_000, clock.now]);
});

test("writes the first use at once, also after a pause, and others once per interval", async () => {
  const { verifier, issue, clock, trouble } = await createFixture({ flushEvery: 0.5 });
  const [one, two] = [await issue("one"), await issue("two")];
  const begun = performance.now();
  const elapsed = () => performance.now() - begun;
  verifier.verify(one);
  await until(() => trouble.touched.length === 1);
  expect(elapsed()).toBeLessThan(400);
  verifier.verify(two);
  await until(() => trouble.touched.length === 2);
  expect(elapsed()).toBeGreaterThan(450);
  await new Promise((resolve) => setTimeout(resolve, 550));
  const paused = performance.now();
  clock.now += 1;
  verifier.verify(one);
  await until(() => trouble.touched.length === 3);
  expect(performance.now() - paused).toBeLessThan(400);
});

test("close writes the remaining uses", async () => {
  const { verifier, issue, trouble } = await createFixture({ flushEvery: 3600 });
  verifier.verify(await issue("ci"));
  expect(trouble.touched).toEqual([]);
  await verifier.close();
  expect(trouble.touched).toHaveLength(1);
});

test("keeps uses that cannot be written, logs that once, and writes the latest time later", async () => {
  const { verifier, issue, clock, trouble, lines, keys, followed } = await createFixture();
  const token = await issue("ci");
  trouble.touchFault = full;
  verifier.verify(token);
  await until(() => lines.some((line) => line.includes("cannot be written: the disk is full")));
  // The key is read again, so the same version has uses from before and after.
  await keys.disable("ci");
  await keys.enable("ci");
  await followed();
  clock.now += 3;
  verifier.verify(token);
  await new Promise((resolve) => setTimeout(resolve, 60));
  trouble.touchFault = null;
  await until(() => trouble.touched.length > 0);
  expect(trouble.touched.flat()).toEqual([expect.objectContaining({ n: 1, at: clock.now })]);
  expect(lines.filter((line) => line.includes("last-used"))).toHaveLength(2);
});

test("never writes to a read-only store", async () => {
  const { trouble, store } = await createFixture();
  const { verifier, issue } = await createFixture({ store: { ...store, readOnly: true } });
  const token = await issue("ci");
  expect(verifier.verify(token).ok).toBe(true);
  await verifier.close();
  expect(trouble.touched).toEqual([]);
});
