import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import type { Server, Socket } from "node:net";
import { platform } from "node:os";
import { beforeEach, describe, expect, test } from "vitest";
import type { KeychainFault } from "../../../../src/stores/keychain/fault.ts";
import { LockListener } from "../../../../src/stores/keychain/queue/lock-socket.ts";
import { ProcessLock } from "../../../../src/stores/keychain/queue/process-lock.ts";
import { TICK_MS } from "../../../../src/stores/keychain/queue/quiet-timer.ts";
import type { Defer } from "../service.ts";

/** Ticks in a second. */
const SECOND = 1_000 / TICK_MS;

// These tests mostly wait, each for its own lock, so they run at once.
describe.concurrent("a process lock", { timeout: 60_000 }, () => {
  beforeEach((context) => {
    context.skip(platform() !== "linux", "only Linux needs the lock");
  });

  test("is held by one caller at a time, and passed on when it is released", async ({ onTestFinished: defer }) => {
    const name = aName();
    const [first, second, third] = [aLock(name, defer), aLock(name, defer), aLock(name, defer)];
    expect(await first.lock.acquire()).toBe(true);
    let held = 0;
    const taken = [second, third].map(async (each) => {
      expect(await each.lock.acquire()).toBe(true);
      expect(++held).toBe(1);
      await ticks(1);
      held--;
      each.lock.release();
    });
    await ticks(2);
    expect(held).toBe(0);
    first.lock.release();
    await Promise.all(taken);
  });

  test("is taken once, even if it is acquired twice", async ({ onTestFinished: defer }) => {
    const { lock } = aLock(aName(), defer);
    expect(await lock.acquire()).toBe(true);
    lock.report("asking");
    expect(await lock.acquire()).toBe(true);
  });

  test("reports on release whether others wait", async ({ onTestFinished: defer }) => {
    const name = aName();
    const [first, other] = [aLock(name, defer), aLock(name, defer)];
    await first.lock.acquire();
    const taken = other.lock.acquire();
    await ticks(2);
    expect(first.lock.release()).toBe(true);
    await taken;
    expect(other.lock.release()).toBe(false);
  });

  test("is waited for while its holder gets answers, and not much longer", async ({ onTestFinished: defer }) => {
    const name = aName();
    const [holder, waiter] = [aLock(name, defer), aLock(name, defer)];
    await holder.lock.acquire();
    let isDone = false;
    const taken = waiter.lock.acquire().finally(() => (isDone = true));
    for (let request = 0; request < 6; request++) {
      holder.lock.report("asking");
      await ticks(SECOND / 2);
      holder.lock.report("answered");
    }
    expect(isDone).toBe(false);
    holder.lock.report("asking");
    const spent = await count(taken);
    expect(await taken).toBe(false);
    expect(spent).toBeGreaterThan(SECOND);
    expect(spent).toBeLessThan(2 * SECOND);
  });

  test("a call without it counts the answers of its holder", async ({ onTestFinished: defer }) => {
    const name = aName();
    const [holder, waiter] = [aLock(name, defer), aLock(name, defer)];
    await holder.lock.acquire();
    holder.lock.report("asking");
    expect(await waiter.lock.acquire()).toBe(false);
    waiter.lock.report("asking");
    for (let request = 0; request < 6; request++) {
      await ticks(SECOND / 2);
      holder.lock.report("answered");
    }
    expect(waiter.faults).toEqual([]);
    await ticks(3 * SECOND);
    expect(waiter.faults[0]).toMatchObject({ kind: "timed-out" });
  });

  test("gives up a call in less than three seconds", async ({ onTestFinished: defer }) => {
    const { lock, faults } = aLock(aName(), defer);
    await lock.acquire();
    await ticks(3 * SECOND);
    expect(lock.isOver()).toBe(true);
    lock.report("answered");
    expect(lock.isOver()).toBe(false);
    lock.report("asking");
    await ticks(2 * SECOND);
    expect(faults).toEqual([]);
    await ticks(SECOND);
    expect(faults[0]).toMatchObject({ kind: "timed-out" });
  });

  test("gives up a call behind a prompt as locked, unless a person can answer it", async ({
    onTestFinished: defer,
  }) => {
    const [alone, attended] = [aLock(aName(), defer), aLock(aName(), defer, { attended: true })];
    for (const { lock } of [alone, attended]) {
      await lock.acquire();
      lock.report("asking");
      lock.report("prompt");
    }
    await ticks(3 * SECOND);
    expect(alone.faults[0]).toMatchObject({ kind: "locked" });
    expect(attended.faults).toEqual([]);
  });

  test("opens no second prompt", async ({ onTestFinished: defer }) => {
    const name = aName();
    await aPrompt(name, defer);
    const taken = aLock(name, defer).lock.acquire();
    taken.catch(() => {});
    const spent = await count(taken.catch(() => {}));
    expect(spent).toBeGreaterThan(SECOND);
    expect(spent).toBeLessThan(3 * SECOND);
    await expect(taken).rejects.toMatchObject({ kind: "locked" });
  });

  test("opens no second prompt after its holder has given up on the first", async ({ onTestFinished: defer }) => {
    const name = aName();
    const holder = await aPrompt(name, defer);
    const taken = aLock(name, defer).lock.acquire();
    taken.catch(() => {});
    await ticks(2 * SECOND);
    holder.lock.release();
    await expect(taken).rejects.toMatchObject({ kind: "locked" });
  });

  test("is waited for while a person may be answering the prompt", async ({ onTestFinished: defer }) => {
    const name = aName();
    const [holder, waiter] = [await aPrompt(name, defer), aLock(name, defer, { attended: true })];
    let isDone = false;
    const taken = waiter.lock.acquire().finally(() => (isDone = true));
    await ticks(3 * SECOND);
    expect(isDone).toBe(false);
    holder.lock.report("answered");
    holder.lock.release();
    expect(await taken).toBe(true);
  });

  test("is not reported as locked after the prompt was answered", async ({ onTestFinished: defer }) => {
    const name = aName();
    const [holder, waiter] = [await aPrompt(name, defer), aLock(name, defer)];
    const taken = waiter.lock.acquire();
    await ticks(SECOND);
    holder.lock.report("answered");
    await ticks(SECOND);
    holder.lock.report("asking");
    expect(await taken).toBe(false);
  });

  test.for<[string, (socket: Socket) => void]>([
    ["sends nothing", () => {}],
    ["hangs up", (socket) => socket.destroy()],
    ["sends noise", (socket) => void socket.write(randomBytes(60_000).map((byte) => byte | 0x80))],
  ])("is not waited for when another program holds its name and %s", async ([, meet], { onTestFinished: defer }) => {
    const name = aName();
    await aForeignHolder(name, meet, defer);
    const taken = aLock(name, defer).lock.acquire();
    const spent = await count(taken);
    expect(await taken).toBe(false);
    expect(spent).toBeGreaterThan(SECOND);
    expect(spent).toBeLessThan(2 * SECOND);
  });

  test("is taken by a call that went on without it, once its name is free", async ({ onTestFinished: defer }) => {
    const name = aName();
    const foreign = await aForeignHolder(name, () => {}, defer);
    const missed = [aLock(name, defer), aLock(name, defer)];
    for (const { lock } of missed) expect(await lock.acquire()).toBe(false);
    for (const { lock } of missed) lock.report("asking");
    await foreign.end();
    // A later caller hears of their answers, and waits.
    const later = aLock(name, defer);
    await ticks(2);
    let isDone = false;
    const taken = later.lock.acquire().finally(() => (isDone = true));
    for (let answer = 0; answer < 5; answer++) {
      await ticks(SECOND / 2);
      for (const { lock } of missed) lock.report("answered");
    }
    expect(isDone).toBe(false);
    for (const { lock } of missed) lock.release();
    expect(await taken).toBe(true);
  });

  test("stops waiting when the store is closed", async ({ onTestFinished: defer }) => {
    const name = aName();
    const closing = new AbortController();
    const [holder, waiter] = [aLock(name, defer), aLock(name, defer, closing)];
    await holder.lock.acquire();
    const taken = waiter.lock.acquire();
    await ticks(1);
    closing.abort();
    expect(await count(taken)).toBeLessThan(SECOND / 2);
    expect(await taken).toBe(false);
  });

  test("leaves nothing behind when it is released early", async ({ onTestFinished: defer }) => {
    const name = aName();
    const { lock } = aLock(name, defer);
    void lock.acquire();
    lock.release();
    await ticks(2);
    await new LockListener(`\0${name}`, () => {}).closed;
    expect(await aLock(name, defer).lock.acquire()).toBe(true);
  });
});

function aName(): string {
  return `mcp-keys-test-${randomBytes(6).toString("hex")}`;
}

interface WatchedLock {
  readonly lock: ProcessLock;
  /** The faults it has given up with. */
  readonly faults: readonly KeychainFault[];
}

function aLock(
  name: string,
  defer: Defer,
  { signal = new AbortController().signal, attended = false } = {},
): WatchedLock {
  const faults: KeychainFault[] = [];
  const lock = new ProcessLock(name, { signal, attended, giveUp: (fault) => void faults.push(fault) });
  defer(() => void lock.release());
  return { lock, faults };
}

/** A lock whose holder waits for a prompt. */
async function aPrompt(name: string, defer: Defer): Promise<WatchedLock> {
  const holder = aLock(name, defer);
  await holder.lock.acquire();
  holder.lock.report("asking");
  holder.lock.report("prompt");
  return holder;
}

/** Resolves after so many ticks, however late they come on a busy machine. */
function ticks(more: number): Promise<void> {
  return new Promise((resolve) => {
    let left = Math.ceil(more);
    const timer = setInterval(() => {
      if (--left > 0) return;
      clearInterval(timer);
      resolve();
    }, TICK_MS);
  });
}

/** Counts the ticks until a promise settles. */
async function count(promise: Promise<unknown>): Promise<number> {
  let spent = 0;
  const timer = setInterval(() => spent++, TICK_MS);
  await promise.finally(() => clearInterval(timer));
  return spent;
}

/** Takes the name of a lock, as a program of another user could. */
async function aForeignHolder(
  name: string,
  meet: (socket: Socket) => void,
  defer: Defer,
): Promise<{ end: () => Promise<void> }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    meet(socket);
  });
  server.listen(`\0${name}`);
  await once(server, "listening");
  const end = async () => {
    for (const socket of sockets) socket.destroy();
    if (server.listening) await once(server.close(), "close");
  };
  defer(end);
  return { end };
}
