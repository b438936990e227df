import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import type { Server, Socket } from "node:net";
import { platform } from "node:os";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { Turn } from "../../../../src/stores/keychain/queue/queue.ts";

/** Ticks in a second. */
const SECOND = 10;

describe("a turn", () => {
  beforeEach((context) => {
    context.skip(platform() !== "linux", "only Linux needs turns");
  });

  test("is had by one at a time, and by the next when that one ends", async () => {
    const name = aName();
    const [first, second, third] = [aTurn(name), aTurn(name), aTurn(name)];
    await first.turn.take();
    const taken = [second, third].map(async (each) => (await each.turn.take(), each));
    first.turn.end();
    const next = await Promise.race(taken);
    expect(next.turn.isMissed).toBe(false);
    const last = next === second ? third : second;
    expect(last.turn.isMissed).toBe(true);
    next.turn.end();
    await Promise.all(taken);
    expect(last.turn.isMissed).toBe(false);
  });

  test("is had by others in between when one process takes many", async () => {
    const name = aName();
    const [first, other] = [aTurn(name), aTurn(name)];
    await first.turn.take();
    const taken = other.turn.take();
    // By then the other listens.
    await other.ticks(1);
    first.turn.end();
    expect(first.turn.wasWanted).toBe(true);
    let last = first.turn;
    for (let turns = 0; turns < 10 && other.turn.isMissed; turns++) {
      const { turn } = aTurn(name);
      await Promise.race([turn.take(last), taken]);
      turn.end();
      last = turn;
    }
    expect(other.turn.isMissed).toBe(false);
  });

  test("is waited for while whoever has it is at work or gets answers, and not much longer", async () => {
    const name = aName();
    const [has, waits] = [aTurn(name), aTurn(name)];
    await has.turn.take();
    let isTaken = false;
    const taken = waits.turn.take().then(() => (isTaken = true));
    await waits.ticks(2 * SECOND);
    expect(isTaken).toBe(false);
    for (let request = 0; request < 4; request++) {
      has.turn.asks();
      await waits.ticks(SECOND / 2);
      has.turn.hasAnswer();
    }
    expect(isTaken).toBe(false);
    has.turn.asks();
    const before = waits.count();
    await taken;
    expect(waits.turn.isMissed).toBe(true);
    expect(waits.count() - before).toBeGreaterThan(SECOND);
    expect(waits.turn.silence.isOver(1_600)).toBe(true);
    // From here on it is told of answers as well.
    waits.turn.asks();
    await waits.ticks(2);
    has.turn.hasAnswer();
    await waits.ticks(3);
    expect(waits.turn.silence.ms).toBeLessThanOrEqual(300);
  });

  test("is not waited for where the keyring is locked, and no second prompt is asked for", async () => {
    const name = aName();
    await aPrompted(name);
    const waits = aTurn(name);
    await expect(waits.turn.take()).rejects.toMatchObject({ trouble: "locked" });
    expect(waits.turn.silence.ms).toBeGreaterThanOrEqual(1_600);
    expect(waits.turn.silence.ms).toBeLessThan(2_000);
  });

  test("is waited for by somebody attended for as long as whoever has it may be answering a prompt", async () => {
    const name = aName();
    const [has, waits] = [await aPrompted(name), aTurn(name, { attended: true })];
    let isTaken = false;
    const taken = waits.turn.take().then(() => (isTaken = true));
    await waits.ticks(3 * SECOND);
    expect(isTaken).toBe(false);
    has.turn.hasAnswer();
    has.turn.end();
    await taken;
    expect(waits.turn.isMissed).toBe(false);
    expect(waits.turn.isLocked).toBe(false);
  });

  test("is waited for again where what was locked has answered since", async () => {
    const name = aName();
    const [has, waits] = [await aPrompted(name), aTurn(name)];
    const taken = waits.turn.take();
    await waits.ticks(SECOND);
    has.turn.hasAnswer();
    await waits.ticks(SECOND);
    // Silent now, and not known to be locked.
    has.turn.asks();
    await taken;
    expect(waits.turn.isMissed).toBe(true);
  });

  test.each<[string, (socket: Socket) => void]>([
    ["says nothing", () => {}],
    ["hangs up", (socket) => socket.destroy()],
    ["says what nobody knows", (socket) => void socket.write(randomBytes(60_000).map((byte) => byte | 0x80))],
  ])("that a stranger has who %s is not waited for", async (_, meet) => {
    const name = aName();
    await aStranger(name, meet);
    const { turn, count } = aTurn(name);
    await turn.take();
    expect(turn.isMissed).toBe(true);
    expect(turn.silence.ms).toBeGreaterThanOrEqual(1_600);
    expect(turn.silence.ms).toBeLessThan(2_000);
    expect(count()).toBeLessThan(60 * SECOND);
  });

  test("that a stranger gives back is had by one of those who went on without", async () => {
    const name = aName();
    const stranger = await aStranger(name, () => {});
    const missed = [aTurn(name), aTurn(name)];
    await Promise.all(missed.map(({ turn }) => turn.take()));
    for (const { turn } of missed) turn.asks();
    await stranger.end();
    for (let look = 0; look < 50 && missed.every(({ turn }) => turn.isMissed); look++) await missed[0]!.ticks(1);
    expect(missed.filter(({ turn }) => !turn.isMissed)).toHaveLength(1);
    // Whoever comes now hears of their answers, and waits.
    const later = aTurn(name);
    const taken = later.turn.take();
    for (const { turn } of missed) turn.hasAnswer();
    await later.ticks(SECOND);
    expect(later.turn.silence.ms).toBeLessThan(500);
    for (const { turn } of missed) turn.end();
    await taken;
    expect(later.turn.isMissed).toBe(false);
  });

  test("is given up at once when the store is closed", async () => {
    const name = aName();
    const ending = new AbortController();
    const [has, waits] = [aTurn(name), aTurn(name, ending)];
    await has.turn.take();
    const taken = waits.turn.take();
    await waits.ticks(1);
    ending.abort();
    await taken;
    expect(waits.count()).toBeLessThan(SECOND / 2);
    expect(waits.turn.isMissed).toBe(true);
  });
});

function aName(): string {
  return `mcp-keys-test-${randomBytes(6).toString("hex")}`;
}

interface Watched {
  readonly turn: Turn;
  readonly count: () => number;
  /** After so many more ticks. */
  ticks(more: number): Promise<void>;
}

function aTurn(name: string, { signal = new AbortController().signal, attended = false } = {}): Watched {
  let count = 0;
  let look: (() => void) | undefined;
  const onTick = () => {
    count++;
    look?.();
  };
  const turn = new Turn(name, { signal, attended, onTick });
  onTestFinished(() => turn.end());
  return {
    turn,
    count: () => count,
    ticks: (more) => {
      const until = count + more;
      return new Promise((resolve) => {
        look = () => {
          if (count >= until) resolve();
        };
      });
    },
  };
}

/** One that is had, by whoever waits for a prompt. */
async function aPrompted(name: string): Promise<Watched> {
  const has = aTurn(name);
  await has.turn.take();
  has.turn.asks();
  has.turn.findsLocked();
  return has;
}

/** Somebody who has taken the name for a turn and is none of ours. */
async function aStranger(name: string, meet: (socket: Socket) => void): Promise<{ end: () => Promise<void> }> {
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
  onTestFinished(end);
  return { end };
}
