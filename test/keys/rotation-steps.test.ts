import { describe, expect, test } from "vitest";
import { KeysError, type Code } from "../../src/errors.ts";
import { createKeys, type Keys } from "../../src/keys/keys.ts";
import type { RotateOptions } from "../../src/keys/rotate.ts";
import { openMemoryStore } from "../../src/stores/memory.ts";
import type { KeyStore } from "../../src/stores/store.ts";

const NOW = 1_800_000_000;

type Step = "publish" | "proveEarly" | "deliver" | "deploy" | "prove";
const STEPS: readonly Step[] = ["publish", "proveEarly", "deliver", "deploy", "prove"];

/** A key with one version, and a rotation whose steps note what the store holds when they run. */
async function withKey() {
  const store = await openMemoryStore();
  const keys = createKeys({ store, now: () => NOW, by: "ada@laptop" });
  await keys.generate({ name: "ci", expiresAt: null });
  const states = async () => (await keys.get("ci")).versions.map(({ state }) => state).join(" ");
  const taken: string[] = [];
  /** @param fails - which call of which step fails, with which code */
  const rotate = (fails: Partial<Record<Step, Record<number, Code>>> = {}, more: Partial<RotateOptions> = {}) => {
    taken.length = 0;
    const calls: Partial<Record<Step, number>> = {};
    const run = (step: Step) => async () => {
      taken.push(`${step}: ${await states()}`);
      const call = (calls[step] = (calls[step] ?? 0) + 1);
      const code = fails[step]?.[call];
      if (code !== undefined) throw new KeysError(code, `${step} failed`);
    };
    const [publish, proveEarly, deliver, deploy, prove] = STEPS.map(run) as [
      () => Promise<void>,
      ...(() => Promise<void>)[],
    ];
    return keys.rotate("ci", {
      publish,
      proveEarly: proveEarly!,
      deliver: deliver!,
      deploy: deploy!,
      prove: prove!,
      ...more,
    });
  };
  return { keys, store, states, taken, rotate };
}

describe("the steps of a rotation", () => {
  test("follow each other, and the keys are published before the delivery and after the promotion", async () => {
    const { rotate, taken } = await withKey();
    expect(await rotate()).toMatchObject({ changed: true, version: { n: 2, state: "current" } });
    expect(taken).toEqual([...STEPS.map((step) => `${step}: current pending`), "publish: retiring current"]);
  });

  test.each(["publish", "proveEarly"] as const)(
    "%s fails: nothing is delivered, the version is revoked and that is published",
    async (step) => {
      const { rotate, taken, states, keys } = await withKey();
      await expect(rotate({ [step]: { 1: "SERVER_UNREACHABLE" } })).rejects.toMatchObject({
        code: "SERVER_UNREACHABLE",
        message: `${step} failed; the new token was not delivered, and the old one stays current`,
      });
      expect(taken.filter((each) => each.startsWith("deliver"))).toEqual([]);
      expect(taken.at(-1)).toBe("publish: current revoked");
      expect((await keys.get("ci")).versions[1]).toMatchObject({ reason: "undelivered" });
      await rotate();
      expect(await states()).toBe("retiring revoked current");
    },
  );

  test("proveEarly fails after a server has used the new token: it is revoked all the same", async () => {
    const { store, keys, rotate, states } = await withKey();
    const { id } = await keys.get("ci");
    const proveEarly = async () => {
      await store.touch([{ id, n: 2, at: NOW }]);
      throw new KeysError("TOKEN_REFUSED", "the other server refuses it");
    };
    await expect(rotate({}, { proveEarly })).rejects.toMatchObject({ code: "TOKEN_REFUSED" });
    expect(await states()).toBe("current revoked");
  });

  test("deliver certainly fails: the version is revoked and that is published", async () => {
    const { rotate, taken } = await withKey();
    await expect(rotate({ deliver: { 1: "DELIVERY_FAILED" } })).rejects.toMatchObject({ code: "DELIVERY_FAILED" });
    expect(taken.at(-1)).toBe("publish: current revoked");
  });

  test.each([
    ["deliver", "DELIVERY_UNCERTAIN"],
    ["deploy", "DEPLOY_FAILED"],
    // The token has arrived, whatever the step says.
    ["deploy", "DELIVERY_FAILED"],
    ["prove", "TOKEN_REFUSED"],
  ] as const)("%s fails with %s: both versions work, and the next call finishes", async (step, code) => {
    const { rotate, states } = await withKey();
    await expect(rotate({ [step]: { 1: code } })).rejects.toMatchObject({ code, message: `${step} failed` });
    expect(await states()).toBe("current pending");
    await rotate();
    expect(await states()).toBe("retiring retiring current");
  });

  test("publish fails after the promotion: the rotation stands", async () => {
    const { rotate, states } = await withKey();
    await expect(rotate({ publish: { 2: "PUBLISH_FAILED" } })).rejects.toMatchObject({
      code: "PUBLISH_FAILED",
      message: "version 2 of ci is current, but its servers do not know when the old token ends: publish failed",
    });
    expect(await states()).toBe("retiring current");
  });

  test("publish fails once more after another failure: both are reported", async () => {
    const { rotate } = await withKey();
    const fails = { proveEarly: { 1: "TOKEN_REFUSED" }, publish: { 2: "PUBLISH_FAILED" } } as const;
    const message =
      "proveEarly failed; the new token was not delivered, and the old one stays current; then publishing failed: publish failed";
    await expect(rotate(fails)).rejects.toMatchObject({ code: "TOKEN_REFUSED", message });
    const twice = { publish: { 1: "PUBLISH_FAILED", 2: "PUBLISH_FAILED" } } as const;
    await expect(rotate(twice)).rejects.toMatchObject({
      message: "publish failed; the new token was not delivered, and the old one stays current",
    });
  });

  test("the keys are published even if there is nothing to do, since an earlier run may have been killed before", async () => {
    const { rotate, taken } = await withKey();
    expect(await rotate({}, { ifOlderThan: 60 })).toMatchObject({ changed: false });
    expect(taken).toEqual(["publish: current"]);
  });

  test("a run that was overtaken before its delivery delivers nothing and publishes the end of its version", async () => {
    const { keys, rotate, taken, states } = await withKey();
    const proveEarly = async () => {
      await keys.rotate("ci", { deliver: async () => undefined });
    };
    await expect(rotate({}, { proveEarly })).rejects.toMatchObject({ code: "STORE_CONFLICT" });
    expect(taken).toEqual(["publish: current pending", "publish: retiring revoked current"]);
    expect(await states()).toBe("retiring revoked current");
  });

  test("a run that was overtaken after its delivery publishes that its version stays valid", async () => {
    const { keys, rotate, taken } = await withKey();
    const deploy = async () => {
      await keys.rotate("ci", { overlap: 0, deliver: async () => undefined });
    };
    await expect(rotate({}, { deploy })).rejects.toMatchObject({ code: "STORE_CONFLICT" });
    expect(taken.at(-1)).toBe("publish: retired pending current");
  });
});

describe("a store that fails during a run", () => {
  test.each<Code>(["STORE_UNAVAILABLE", "STORE_INSECURE", "STORE_DAMAGED", "STORE_READ_ONLY", "CLOCK_BEHIND"])(
    "%s at the promotion: the error says that the token was delivered",
    async (code) => {
      const { store, rotate } = await withKey();
      const deploy = async () => {
        store.write = () => Promise.reject(new KeysError(code, "the disk is gone", { hint: "fix it" }));
      };
      await expect(rotate({}, { deploy })).rejects.toMatchObject({
        code,
        message: "the token was delivered and works, but is not current yet: the disk is gone",
        hint: "fix it; then deliver a new token to the same destination: mcp-keys rotate ci",
      });
    },
  );

  test("before the delivery: the error says so, and the version is revoked if the store works again", async () => {
    const { store, rotate, states } = await withKey();
    const { get } = store;
    const proveEarly = async () => {
      store.get = () => {
        store.get = get;
        return Promise.reject(new KeysError("STORE_UNAVAILABLE", "the disk is gone"));
      };
    };
    await expect(rotate({}, { proveEarly })).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
      message: "the disk is gone; the new token was not delivered, and the old one stays current",
    });
    expect(await states()).toBe("current revoked");
  });
});

describe("a run that came second says who was first", () => {
  const other = async (store: KeyStore, act: (keys: Keys) => Promise<unknown>): Promise<void> => {
    await act(createKeys({ store, now: () => NOW + 60, by: "bob@runner-7" }));
  };

  test.each<[title: string, act: (keys: Keys) => Promise<unknown>, message: string]>([
    [
      "a promotion, with the id of its run",
      (keys) => keys.rotate("ci", { runId: "4712", deliver: async () => undefined }),
      "version 2 of ci was overtaken: version 3 was promoted since it was staged, by bob@runner-7 at 2027-01-15T08:01:00Z in run 4712; ",
    ],
    [
      "a revocation",
      (keys) => keys.revoke("ci", { version: 2 }),
      "version 2 of ci is no longer pending but revoked, by bob@runner-7 at 2027-01-15T08:01:00Z; ",
    ],
  ])("%s", async (_, act, message) => {
    for (const step of ["proveEarly", "prove"] as const) {
      const { store, rotate } = await withKey();
      const works = message.includes("overtaken") ? "still works" : "no longer works";
      const token = step === "prove" ? `its token ${works}` : "nothing was delivered";
      const refused = rotate({}, { [step]: () => other(store, act) });
      await expect(refused).rejects.toMatchObject({ code: "STORE_CONFLICT", message: message + token });
    }
  });

  test("without a history, it still says what happened", async () => {
    const { store, rotate } = await withKey();
    const act = (keys: Keys) => keys.rotate("ci", { deliver: async () => undefined });
    const prove = async () => {
      await other(store, act);
      store.changes = () => {
        throw new KeysError("STORE_UNAVAILABLE", "the history is gone");
      };
    };
    const message = "version 2 of ci was overtaken: version 3 was promoted since it was staged; its token still works";
    await expect(rotate({}, { prove })).rejects.toMatchObject({ code: "STORE_CONFLICT", message });
  });
});
