import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readdirSync } from "node:fs";
import type { TestContext } from "vitest";
import { createKeys, openStore } from "../../src/index.ts";
import { processesWith } from "./marked.ts";
import { createProcesses, type ProcessOptions } from "./process.ts";

/** The states of the versions, or their reasons, after a rotation that failed. */
export const NOTHING = "current";
export const REVOKED = "current undelivered";
export const PENDING = "current pending";
/** The same after the rotation that follows. */
export const ENDED = /^(?:(?:retiring|undelivered) )+current$/;

/** Creates a store with the key ci, and rotates it in separate processes. Commands find the folder in `$D`. */
export async function withKey(ctx: TestContext) {
  const made = createProcesses();
  const mark = randomUUID();
  const store = await openStore(`file:${made.file}`);
  ctx.onTestFinished(() => store.close());
  const keys = createKeys({ store });
  const { token } = await keys.generate({ name: "ci", expiresAt: null });
  const states = async () =>
    ((await store.get("ci"))?.versions ?? []).map(({ state, reason }) => reason ?? state).join(" ");
  const rotate = (args: readonly string[], options: ProcessOptions = {}) =>
    made.mcpKeys(["rotate", "ci", ...args], { ...options, env: { D: made.dir, MARK: mark, ...options.env } });
  const works = async () => (await keys.check(token.reveal())).ok;
  /** What the runs left running. */
  const left = () => processesWith(mark);
  ctx.onTestFinished(() => void execFileSync("sh", ["-c", `kill -9 ${left().join(" ")} 2>/dev/null; :`]));
  /** The names in a folder, without the files of the store. */
  const files = (folder = made.dir) =>
    readdirSync(folder)
      .filter((name) => !name.startsWith("keys.jsonl"))
      .sort();
  return { ...made, rotate, states, works, left, files };
}

/** Returns the error that a run with `--json` reported. */
export function errorOf({ stderr }: { readonly stderr: string }): { code: string; message: string; hint: string } {
  return JSON.parse(stderr.trim().split("\n").at(-1) ?? "").error;
}
