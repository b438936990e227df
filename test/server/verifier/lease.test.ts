import { expect, test } from "vitest";
import { Lease } from "../../../src/server/verifier/lease.ts";

const NOW = 1_800_000_000;

function createLease() {
  const time = { now: NOW, ticks: 5_000 };
  const lease = new Lease({ now: () => time.now, ticks: () => time.ticks }, 60);
  const pass = (seconds: number) => {
    time.now += seconds;
    time.ticks += seconds * 1000;
  };
  return { lease, time, pass, isFresh: () => lease.isFresh(time.now) };
}

test("counts from when a read was sent, not from when it was answered", () => {
  const { lease, pass, isFresh } = createLease();
  const sent = lease.moment();
  pass(50);
  lease.readSucceeded(sent, 1);
  pass(9);
  expect(isFresh()).toBe(true);
  pass(1);
  expect(isFresh()).toBe(false);
});

test("counts from when an acknowledgement was sent, however often it reads", () => {
  const { lease, pass, isFresh } = createLease();
  const sent = lease.moment();
  pass(50);
  lease.acknowledged(sent, 1);
  lease.readSucceeded(lease.moment(), 1);
  pass(9);
  lease.readSucceeded(lease.moment(), 2);
  expect(isFresh()).toBe(true);
  pass(1);
  lease.readSucceeded(lease.moment(), 3);
  expect(isFresh()).toBe(false);
  expect(lease.isOver).toBe(true);
});

test("after a lapse, a read counts only if it was sent after the acknowledgement was answered", () => {
  const { lease, pass, isFresh } = createLease();
  lease.readSucceeded(lease.moment(), 1);
  lease.acknowledged(lease.moment(), 2);
  lease.readSucceeded(lease.moment(), 2);
  expect(isFresh()).toBe(true);
  pass(60);
  const running = lease.moment();
  lease.acknowledged(lease.moment(), 4);
  lease.readSucceeded(running, 3);
  expect(isFresh()).toBe(false);
  lease.readSucceeded(lease.moment(), 4);
  expect(isFresh()).toBe(true);
});

test("ends by whichever clock is ahead, and not later because the wall clock was set back", () => {
  for (const move of [{ now: 61 }, { ticks: 60_000 }]) {
    const { lease, time, isFresh } = createLease();
    lease.readSucceeded(lease.moment(), 1);
    time.now += move.now ?? 0;
    time.ticks += move.ticks ?? 0;
    expect(isFresh()).toBe(false);
  }
  const { lease, time, isFresh } = createLease();
  lease.readSucceeded(lease.moment(), 1);
  lease.acknowledged(lease.moment(), 1);
  lease.readSucceeded(lease.moment(), 1);
  time.now -= 3_600;
  lease.checkClock();
  time.now += 61;
  expect(isFresh()).toBe(false);
});

test("accepts nothing while the clock fails, and recovers", () => {
  const { lease, time, isFresh } = createLease();
  lease.readSucceeded(lease.moment(), 1);
  lease.acknowledged(lease.moment(), 1);
  lease.readSucceeded(lease.moment(), 1);
  time.now = NaN;
  lease.checkClock();
  expect(isFresh()).toBe(false);
  expect(lease.isOver).toBe(true);
  time.now = NOW;
  lease.acknowledged(lease.moment(), 2);
  lease.readSucceeded(lease.moment(), 2);
  expect(isFresh()).toBe(true);
});

test("after a new epoch, accepts nothing until it has acknowledged and read again", () => {
  const { lease, isFresh } = createLease();
  lease.readSucceeded(lease.moment(), 1);
  lease.requireAcknowledgement();
  // Without acknowledgements, reads are enough.
  expect(isFresh()).toBe(true);
  lease.acknowledged(lease.moment(), 2);
  lease.readSucceeded(lease.moment(), 2);
  lease.requireAcknowledgement();
  lease.readSucceeded(lease.moment(), 3);
  expect(isFresh()).toBe(false);
  expect(lease.acknowledged(lease.moment(), 4)).toBe(true);
  expect(isFresh()).toBe(false);
  lease.readSucceeded(lease.moment(), 4);
  expect(isFresh()).toBe(true);
});
