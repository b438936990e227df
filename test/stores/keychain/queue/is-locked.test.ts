import { describe, expect, test } from "vitest";
import { askLock } from "../../../../src/stores/keychain/queue/is-locked.ts";
import { aSecretService, needSecretService } from "../service.ts";

const { signal } = new AbortController();

describe("what a Secret Service says of its lock", () => {
  needSecretService();

  test.each([
    ["unlocked", false],
    ["locked", true],
    ["empty", null],
    ["none", null],
  ] as const)("%s: %o", async (state, isLocked) => {
    const { env } = await aSecretService(state);
    expect(await askLock(env, signal)).toBe(isLocked);
  });

  test("is not known where it hangs, and is not waited for any longer than it is wanted", async () => {
    const service = await aSecretService("locked");
    expect(await askLock(service.env, signal)).toBe(true);
    process.kill(await service.pid(), "SIGSTOP");
    const ending = new AbortController();
    const asked = askLock(service.env, ending.signal);
    ending.abort();
    expect(await asked).toBeNull();
  });

  test("is not known without a bus or without the program that asks, and no bus is started", async () => {
    const { DBUS_SESSION_BUS_ADDRESS, PATH, HOME } = (await aSecretService("locked")).env;
    expect(await askLock({ PATH, HOME }, signal)).toBeNull();
    expect(await askLock({ DBUS_SESSION_BUS_ADDRESS, PATH: "/nonexistent" }, signal)).toBeNull();
    expect(await askLock({ DBUS_SESSION_BUS_ADDRESS: "unix:path=/nonexistent/bus", PATH }, signal)).toBeNull();
  });
});
