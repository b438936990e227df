import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ENDED, errorOf, NOTHING, PENDING, REVOKED, withKey } from "./failing-key.ts";
import type { ProcessOptions } from "./process.ts";

const STEPS = ["--to", "--publish", "--deploy"] as const;

/** Arguments with one step that fails. The token and the keyset always have another destination that works. */
function withStep(step: (typeof STEPS)[number], command: string): string[] {
  const args = step === "--to" ? [] : ["--to", `cat >"$D/token"`];
  return [...args, step, command];
}

/** What each step becomes: its exit status, code and the states of the versions. */
type Result = readonly [status: number, code: string | null, states: string];
const DONE: Result = [0, null, "retiring current"];

const FAILURES: readonly (readonly [what: string, command: string, Record<(typeof STEPS)[number], Result>])[] = [
  [
    "is missing",
    "no-such-program --flag",
    {
      "--to": [5, "DELIVERY_FAILED", NOTHING],
      "--publish": [5, "PUBLISH_FAILED", NOTHING],
      "--deploy": [5, "DEPLOY_FAILED", NOTHING],
    },
  ],
  [
    "is missing behind another command",
    "true && no-such-program",
    {
      "--to": [5, "DELIVERY_FAILED", REVOKED],
      "--publish": [5, "PUBLISH_FAILED", REVOKED],
      "--deploy": [5, "DEPLOY_FAILED", PENDING],
    },
  ],
  [
    "exits with 1 at once",
    "exit 1",
    {
      "--to": [5, "DELIVERY_FAILED", REVOKED],
      "--publish": [5, "PUBLISH_FAILED", REVOKED],
      "--deploy": [5, "DEPLOY_FAILED", PENDING],
    },
  ],
  [
    "reads everything and meets a full disk",
    "cat >/dev/full",
    {
      "--to": [5, "DELIVERY_UNCERTAIN", PENDING],
      "--publish": [5, "PUBLISH_FAILED", REVOKED],
      "--deploy": DONE,
    },
  ],
  [
    "closes its input early",
    "exec <&-; sleep 0.2",
    { "--to": [5, "DELIVERY_FAILED", REVOKED], "--publish": [5, "PUBLISH_FAILED", REVOKED], "--deploy": DONE },
  ],
  [
    "reads half",
    "head -c 5 >/dev/null",
    { "--to": [5, "DELIVERY_UNCERTAIN", PENDING], "--publish": [5, "PUBLISH_FAILED", REVOKED], "--deploy": DONE },
  ],
  [
    "is killed",
    "cat >/dev/null; kill -9 $$",
    {
      "--to": [5, "DELIVERY_UNCERTAIN", PENDING],
      "--publish": [5, "PUBLISH_FAILED", REVOKED],
      "--deploy": [5, "DEPLOY_FAILED", PENDING],
    },
  ],
];

// Side by side on a busy machine, each takes a while.
describe.concurrent.each(STEPS)("a %s command", { timeout: 60_000 }, (step) => {
  test.for(FAILURES)(
    "that %s leaves nothing, and the same step fixed ends the rotation",
    async ([, command, expected], ctx) => {
      const { rotate, states, works, left, files } = await withKey(ctx);
      const [status, code, after] = expected[step];
      const ran = await rotate([...withStep(step, command), "--json"]);
      expect({ status: ran.status, states: await states() }).toEqual({ status, states: after });
      if (code !== null) {
        expect(errorOf(ran)).toMatchObject({ code, hint: expect.stringMatching(/./) });
        expect(ran.stdout).toBe("");
      }
      expect(await works()).toBe(true);
      expect(left()).toEqual([]);
      expect(files().filter((name) => name !== "token")).toEqual([]);
      expect((await rotate(withStep(step, "cat >/dev/null"))).status).toBe(0);
      expect(await states()).toMatch(ENDED);
    },
  );

  test("that fails and leaves processes with our pipes does not delay the end", async (ctx) => {
    const { rotate, states, works, left, dir } = await withKey(ctx);
    const daemons = `cat >/dev/null; sleep 29 & (trap '' TERM; sleep 28; echo late >"$D/late") & exit 1`;
    const start = performance.now();
    const ran = await rotate(withStep(step, daemons), { limit: 15_000, untilExit: true });
    expect(ran.status).toBe(5);
    expect(performance.now() - start).toBeLessThan(15_000);
    expect(await states()).toBe(step === "--publish" ? REVOKED : PENDING);
    expect(await works()).toBe(true);
    // The processes of a deployment may be the service itself.
    if (step === "--deploy") expect(left().length).toBeGreaterThan(0);
    else expect(left()).toEqual([]);
    expect(existsSync(join(dir, "late"))).toBe(false);
  });

  test.for([
    ["hangs with its input", "SIGTERM", 143, "cat >/dev/null; echo ready >&2; sleep 30", PENDING],
    ["hangs and reads nothing", "SIGINT", 130, "echo ready >&2; sleep 30", REVOKED],
  ] as const)("that %s is ended by %s, after its grace", async ([, signal, status, command, after], ctx) => {
    const { rotate, states, works, left } = await withKey(ctx);
    let sent = false;
    const onStderr: ProcessOptions["onStderr"] = (text, kill) => {
      if (!sent && text.includes("ready")) kill(signal);
      sent ||= text.includes("ready");
    };
    const ran = await rotate([...withStep(step, command), "--grace", "1s"], { onStderr });
    expect(ran.status).toBe(status);
    expect(ran.stderr).toMatch(
      /waiting up to 1s for the command to finish.*\n(?:Terminated\n)?error: interrupted in the step "(?:publish|deliver|deploy)": .*\nhint: .*\n$/,
    );
    // Nobody has the token if it was not published, and a deployment comes after the delivery.
    expect(await states()).toBe(step === "--to" ? after : step === "--publish" ? REVOKED : PENDING);
    expect(await works()).toBe(true);
    expect(left()).toEqual([]);
    expect((await rotate(withStep(step, "cat >/dev/null"))).status).toBe(0);
    expect(await states()).toMatch(ENDED);
  });
});
