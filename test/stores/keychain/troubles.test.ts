import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { createServer } from "node:net";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import { digestToken } from "../../../src/core/digest.ts";
import type { KeysError } from "../../../src/errors.ts";
import { inspectKeychain } from "../../../src/stores/keychain/inspect.ts";
import { pace } from "../../../src/stores/keychain/queue/load.ts";
import { TICK_MS } from "../../../src/stores/keychain/queue/silence-timer.ts";
import type { KeyStore } from "../../../src/stores/store.ts";
import { aDraft, changesOf, keyNo } from "../place.ts";
import { aSecretService, ENGINES, needSecretService, openOn } from "./service.ts";
import type { SecretService } from "./service.ts";

/** Three seconds are ours; the rest is for a machine that does ten other things. */
const IN_TIME_MS = 3_000 + 1_000;

interface Trouble {
  readonly code: "STORE_UNAVAILABLE" | "STORE_LOCKED";
  readonly state: string;
  /** A keychain with two keys in it, and then the trouble. */
  readonly make: (spec: string) => Promise<SecretService>;
}

const away = { code: "STORE_UNAVAILABLE", state: "unavailable" } as const;
const shut = { code: "STORE_LOCKED", state: "locked" } as const;
const slow = { code: "STORE_UNAVAILABLE", state: "timed-out" } as const;

/** Every state in which a keychain was met, but for the one that works. */
const TROUBLES: Readonly<Record<string, Trouble>> = {
  "no bus": { ...away, make: async (spec) => moved(await withKey(spec), {}) },
  "a bus address that leads nowhere": {
    ...away,
    make: async (spec) => moved(await withKey(spec), { DBUS_SESSION_BUS_ADDRESS: "unix:path=/nonexistent/bus" }),
  },
  "a bus that has ended": {
    ...away,
    make: async (spec) => {
      const service = await withKey(spec);
      await service.endBus();
      return service;
    },
  },
  "a bus that hangs": {
    ...slow,
    make: async (spec) => {
      const service = await withKey(spec);
      service.hangBus();
      return service;
    },
  },
  "a bus without a service": {
    ...away,
    make: async (spec) => moved(await withKey(spec), (await aSecretService("none")).env),
  },
  "a service without a keyring": {
    code: "STORE_UNAVAILABLE",
    state: "no-collection",
    make: async (spec) => moved(await withKey(spec), (await aSecretService("empty")).env),
  },
  "a locked keyring": {
    ...shut,
    make: async (spec) => moved(await withKey(spec), (await aSecretService("locked")).env),
  },
  "a locked keyring, and a prompt that nobody answers": {
    ...shut,
    make: async (spec) => {
      const display = await aSilentDisplay();
      return moved(await withKey(spec), (await aSecretService("locked", { more: { DISPLAY: display } })).env);
    },
  },
  "a locked keyring, and a prompter that takes its time": {
    ...shut,
    make: async (spec) =>
      moved(await withKey(spec), (await aSecretService("locked", { prompter: "/bin/sleep 8" })).env),
  },
  "a service that hangs": {
    ...slow,
    make: async (spec) => {
      const service = await withKey(spec);
      process.kill(await service.pid(), "SIGSTOP");
      return service;
    },
  },
};

describe.each(ENGINES)("$spec", ({ spec, engine, file }) => {
  needSecretService();

  test.each(Object.keys(TROUBLES))(
    "%s is said in time; no key is called unknown, and all that can be done without is done",
    async (name) => {
      const { code, state, make } = TROUBLES[name]!;
      const service = await make(spec);
      const fault = { code, hint: expect.stringContaining("or choose a store that needs no keychain") };
      const fails = (job: (store: KeyStore) => Promise<unknown>) => async () =>
        expect(job(await openOn(service, spec))).rejects.toMatchObject(fault);
      const jobs = [
        fails((store) => store.get("key-1")),
        fails((store) => store.find(digestToken("token 1"))),
        fails((store) => store.write(aDraft([keyNo(3)]))),
        async () => {
          expect(await inspectKeychain(engine, service.world)).toMatchObject({
            state,
            fault: { code },
            orphans: [],
            missing: [],
          });
        },
        () => revokeOn(service, spec),
      ];
      // At once, so that they have to wait for each other as well.
      await Promise.all(jobs.map(inTime));
      const store = await openOn(service, spec);
      expect((await store.list({ digests: false })).map((key) => key.name)).toEqual(["key-1", "key-2"]);
      expect(await readdir(service.dataDir)).toEqual([file]);
    },
  );

  test("a locked keyring is called locked, also where many find it so at once", async () => {
    const service = await TROUBLES["a locked keyring"]!.make(spec);
    const stores = await Promise.all(Array.from({ length: 5 }, () => openOn(service, spec)));
    await Promise.all(
      stores.map((store) => expect(store.get("key-1")).rejects.toMatchObject({ code: "STORE_LOCKED" })),
    );
    // What is asked to show two prompts at once, and can show none, shows no other until it is ended.
    await expect((await openOn(service, spec)).get("key-1")).rejects.toMatchObject({ code: "STORE_LOCKED" });
  });

  test("a service that is killed in the middle of a call is no crash of ours", async () => {
    const service = await withKey(spec);
    const pid = await service.pid();
    process.kill(pid, "SIGSTOP");
    const store = await openOn(service, spec);
    const reading = store.get("key-1");
    await callArrives(service);
    process.kill(pid, "SIGKILL");
    // Another one may have been started meanwhile, whose keyring is open or is not.
    const outcome = await reading.then(
      (key) => key?.versions[0]?.digest,
      (fault: unknown) => (fault as KeysError).code,
    );
    expect([digestToken("token 1"), "STORE_LOCKED", "STORE_UNAVAILABLE"]).toContain(outcome);
  });
});

/** In time as the keychain store counts it: other tests may start fifty processes meanwhile. */
async function inTime(job: () => Promise<unknown>): Promise<void> {
  let spent = 0;
  const ticks = setInterval(() => (spent += TICK_MS * pace()), TICK_MS);
  await job().finally(() => clearInterval(ticks));
  expect(spent).toBeLessThan(IN_TIME_MS);
}

/** It is revoked whether the keychain answers or not; what stays behind is said. */
async function revokeOn(service: SecretService, spec: string): Promise<void> {
  const told: string[] = [];
  const store = await openOn(service, spec, { notify: (line) => void told.push(line) });
  const key = await store.get("key-2", { digests: false });
  const versions = key!.versions.map((version) => ({ ...version, state: "revoked" as const }));
  await store.write(aDraft([{ ...key!, versions }], { op: "revoke" }));
  expect(await store.get("key-2", { digests: false })).toMatchObject({ versions: [{ state: "revoked" }] });
  expect(await changesOf(store, 0, { digests: false })).toHaveLength(2);
  expect(await store.find(digestToken("token 2"))).toBeNull();
  expect(told.join()).toContain("stays in the keychain");
}

async function withKey(spec: string): Promise<SecretService> {
  const service = await aSecretService("unlocked");
  // In this much time also on a slow disk.
  const store = await openOn(service, spec, { attended: true });
  await store.write(aDraft([keyNo(1), keyNo(2)]));
  await store.close();
  return service;
}

/** The same store, in another environment. */
function moved(service: SecretService, env: Readonly<Record<string, string>>): SecretService {
  const { DBUS_SESSION_BUS_ADDRESS: _, ...rest } = service.env;
  const all = { ...rest, ...env, HOME: service.env["HOME"]! };
  return { ...service, env: all, world: { ...service.world, env: all } };
}

/** An X server that takes connections and never says a word: whoever is to show a prompt there waits. */
async function aSilentDisplay(): Promise<string> {
  const server = createServer((socket) => socket.on("error", () => {}));
  for (let display = 60; ; display++) {
    const listening = await new Promise<boolean>((resolve) => {
      server.once("error", () => resolve(false));
      server.listen(6000 + display, "127.0.0.1", () => resolve(true));
    });
    if (!listening) continue;
    onTestFinished(() => void server.close());
    return `127.0.0.1:${display}`;
  }
}

/** Until the bus has a second client of the service's: the call that is under way. */
async function callArrives({ env }: SecretService): Promise<void> {
  const list = [
    "--session",
    "--print-reply=literal",
    "--dest=org.freedesktop.DBus",
    "/",
    "org.freedesktop.DBus.ListNames",
  ];
  for (let look = 0; look < 500; look++) {
    const { stdout } = await promisify(execFile)("dbus-send", list, { env });
    // Our own question, the service, and whoever asks it.
    if ((stdout.match(/ :1\.\d+/g) ?? []).length >= 3) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("no call came");
}
