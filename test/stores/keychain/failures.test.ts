import { execFile } from "node:child_process";
import { createServer } from "node:net";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { digestToken } from "../../../src/core/digest.ts";
import type { KeysError } from "../../../src/errors.ts";
import { openStore } from "../../../src/stores/index.ts";
import { inspectKeychain } from "../../../src/stores/keychain/inspect.ts";
import { TICK_MS } from "../../../src/stores/keychain/queue/quiet-timer.ts";
import type { KeyStore } from "../../../src/stores/store.ts";
import { aDraft, changesOf, filesIn, keyNo } from "../place.ts";
import { aSecretService, ENGINES, needSecretService, openOn, sharedSecretService } from "./service.ts";
import type { Defer, SecretService } from "./service.ts";

const shared = sharedSecretService("unlocked");

interface Failure {
  readonly code: "STORE_UNAVAILABLE" | "STORE_LOCKED";
  readonly state: string;
  /** Makes a keychain store with two keys, and then breaks the keychain. */
  readonly make: (spec: string, defer: Defer) => Promise<SecretService>;
}

const unavailable = { code: "STORE_UNAVAILABLE", state: "unavailable" } as const;
const locked = { code: "STORE_LOCKED", state: "locked" } as const;
const timedOut = { code: "STORE_UNAVAILABLE", state: "timed-out" } as const;

/** Every way in which a keychain was seen to fail. */
const FAILURES: Readonly<Record<string, Failure>> = {
  "no bus": { ...unavailable, make: async (spec) => moved(await withKeys(spec), {}) },
  "a bus address that leads nowhere": {
    ...unavailable,
    make: async (spec) => moved(await withKeys(spec), { DBUS_SESSION_BUS_ADDRESS: "unix:path=/nonexistent/bus" }),
  },
  "a bus that has ended": {
    ...unavailable,
    make: async (spec, defer) => {
      const service = await withKeys(spec, await aSecretService("unlocked", {}, defer));
      await service.endBus();
      return service;
    },
  },
  "a bus that hangs": {
    ...timedOut,
    make: async (spec, defer) => {
      const service = await withKeys(spec, await aSecretService("unlocked", {}, defer));
      service.hangBus();
      return service;
    },
  },
  "a bus without a service": {
    ...unavailable,
    make: async (spec, defer) => moved(await withKeys(spec), (await aSecretService("none", {}, defer)).env),
  },
  "a service without a keyring": {
    code: "STORE_UNAVAILABLE",
    state: "no-collection",
    make: async (spec, defer) => moved(await withKeys(spec), (await aSecretService("empty", {}, defer)).env),
  },
  "a locked keyring": {
    ...locked,
    make: async (spec, defer) => moved(await withKeys(spec), (await aSecretService("locked", {}, defer)).env),
  },
  "a locked keyring with an unanswered prompt": {
    ...locked,
    make: async (spec, defer) => {
      const more = { DISPLAY: await aSilentDisplay(defer) };
      return moved(await withKeys(spec), (await aSecretService("locked", { more }, defer)).env);
    },
  },
  "a locked keyring with a slow prompter": {
    ...locked,
    make: async (spec, defer) => {
      const { env } = await aSecretService("locked", { prompter: "/bin/sleep 8" }, defer);
      return moved(await withKeys(spec), env);
    },
  },
  "a service that hangs": {
    ...timedOut,
    make: async (spec, defer) => {
      const service = await withKeys(spec, await aSecretService("unlocked", {}, defer));
      process.kill(await service.pid(), "SIGSTOP");
      return service;
    },
  },
};

// These tests mostly wait, each for its own keychain, so they run at once.
describe.concurrent.each(ENGINES)("$spec", { timeout: 60_000 }, ({ spec, engine, file }) => {
  needSecretService();

  test.for(Object.keys(FAILURES))(
    "%s is reported in time; no key is called unknown, and what needs no keychain works",
    async (name, { onTestFinished: defer }) => {
      const { code, state, make } = FAILURES[name]!;
      const service = await make(spec, defer);
      const fault = { code, hint: expect.stringContaining("or choose a store that needs no keychain") };
      const fails = (job: (store: KeyStore) => Promise<unknown>) => async () =>
        expect(job(await openOn(service, spec, {}, defer))).rejects.toMatchObject(fault);
      const jobs = [
        fails((store) => store.get("key-1")),
        fails((store) => store.find(digestToken("token 1"))),
        fails((store) => store.write(aDraft([keyNo(3)]))),
        async () => {
          const report = { state, fault: { code }, orphans: [], missing: [] };
          expect(await inspectKeychain(engine, service.world)).toMatchObject(report);
        },
        () => revokeOn(service, spec, defer),
      ];
      const ready = await startTime(jobs.length);
      // At once, so they also wait for each other.
      await Promise.all(jobs.map((job) => inTime(job, ready)));
      const store = await openOn(service, spec, {}, defer);
      expect((await store.list({ digests: false })).map((key) => key.name)).toEqual(["key-1", "key-2"]);
      expect(await filesIn(service.dataDir)).toEqual([file]);
    },
  );

  test("a locked keyring is reported as locked to many callers at once", async ({ onTestFinished: defer }) => {
    const service = await FAILURES["a locked keyring"]!.make(spec, defer);
    const open = () => openOn(service, spec, {}, defer);
    const isLocked = async () => expect((await open()).get("key-1")).rejects.toMatchObject({ code: "STORE_LOCKED" });
    await Promise.all(Array.from({ length: 5 }, isLocked));
    // A service that had to refuse two prompts at once would hang now.
    await isLocked();
  });

  test("a service that is killed during a call does not crash the caller", async ({ onTestFinished: defer }) => {
    const service = await withKeys(spec, await aSecretService("unlocked", {}, defer));
    const pid = await service.pid();
    process.kill(pid, "SIGSTOP");
    const store = await openOn(service, spec, {}, defer);
    const reading = store.get("key-1");
    await callArrives(service);
    process.kill(pid, "SIGKILL");
    // The bus may have started another service by now, with an open keyring or a locked one.
    const outcome = await reading.then(
      (key) => key?.versions[0]?.digest,
      (fault: unknown) => (fault as KeysError).code,
    );
    expect([digestToken("token 1"), "STORE_LOCKED", "STORE_UNAVAILABLE"]).toContain(outcome);
  });
});

/** Three seconds, one for the tests' own work, and the time to start processes on a machine that may become twice as busy. */
async function inTime(job: () => Promise<unknown>, ready: number): Promise<void> {
  let spent = 0;
  // Counts as the keychain store does: other tests may start fifty processes meanwhile.
  const ticks = setInterval(() => (spent += TICK_MS), TICK_MS);
  await job().finally(() => clearInterval(ticks));
  expect(spent).toBeLessThan(3_000 + 1_000 + 2 * ready);
}

/** Measures how long this machine takes to start so many processes, in milliseconds. */
async function startTime(count: number): Promise<number> {
  const at = performance.now();
  await Promise.all(Array.from({ length: count }, () => promisify(execFile)(process.execPath, ["-e", "0"])));
  return performance.now() - at;
}

/** A revocation succeeds without the keychain, and reports the item that it leaves behind. */
async function revokeOn(service: SecretService, spec: string, defer: Defer): Promise<void> {
  const lines: string[] = [];
  const store = await openOn(service, spec, { notify: (line) => void lines.push(line) }, defer);
  const key = await store.get("key-2", { digests: false });
  const versions = key!.versions.map((version) => ({ ...version, state: "revoked" as const }));
  await store.write(aDraft([{ ...key!, versions }], { op: "revoke" }));
  expect(await store.get("key-2", { digests: false })).toMatchObject({ versions: [{ state: "revoked" }] });
  expect(await changesOf(store, 0, { digests: false })).toHaveLength(2);
  expect(await store.find(digestToken("token 2"))).toBeNull();
  expect(lines.join()).toContain("stays in the keychain");
}

async function withKeys(spec: string, service?: SecretService): Promise<SecretService> {
  const home = service ?? (await shared());
  // Attended: three seconds may be too short on a slow disk.
  const store = await openStore(spec, { ...home.world, attended: true });
  await store.write(aDraft([keyNo(1), keyNo(2)]));
  await store.close();
  return home;
}

/** The same store in another environment. */
function moved(service: SecretService, env: Readonly<Record<string, string>>): SecretService {
  const { DBUS_SESSION_BUS_ADDRESS: _, ...rest } = service.env;
  const all = { ...rest, ...env, HOME: service.env["HOME"]! };
  return { ...service, env: all, world: { ...service.world, env: all } };
}

/** An X server that accepts connections and never answers, so no prompt ever appears. */
async function aSilentDisplay(defer: Defer): Promise<string> {
  const server = createServer((socket) => socket.on("error", () => {}));
  for (let display = 60; ; display++) {
    const isListening = await new Promise<boolean>((resolve) => {
      server.once("error", () => resolve(false));
      server.listen(6000 + display, "127.0.0.1", () => resolve(true));
    });
    if (!isListening) continue;
    defer(() => void server.close());
    return `127.0.0.1:${display}`;
  }
}

/** Resolves when the bus has another client besides this one and the service: the pending call. */
async function callArrives({ env }: SecretService): Promise<void> {
  const args = ["--session", "--print-reply=literal", "--dest=org.freedesktop.DBus", "/"];
  for (let attempt = 0; attempt < 500; attempt++) {
    const { stdout } = await promisify(execFile)("dbus-send", [...args, "org.freedesktop.DBus.ListNames"], { env });
    if ((stdout.match(/ :1\.\d+/g) ?? []).length >= 3) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("no call came");
}
