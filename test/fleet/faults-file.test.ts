import { execFileSync } from "node:child_process";
import { copyFile, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { aFolder } from "../stores/place.ts";
import { aFleet, aFollowerProgram, open } from "./places.ts";
import { roundsOf } from "./rounds.ts";

const follower = aFollowerProgram();

/** A server that records something may have made the folder again. */
async function putBack(from: string, to: string): Promise<void> {
  for (let tries = 0; tries < 50; tries++) {
    await rm(to, { recursive: true, force: true });
    const isDone = await rename(from, to).then(
      () => true,
      () => false,
    );
    if (isDone) return;
  }
  throw new Error(`${to} is in the way`);
}

test("servers accept nothing while the folder of the store is gone, and go on when it is back", async () => {
  const folder = join(await aFolder(), "store");
  await mkdir(folder, { mode: 0o700 });
  const fleet = await aFleet(
    { spec: `file:${folder}/keys.jsonl`, env: {} },
    { ...follower, servers: 2, maxStaleness: 1.5 },
  );
  const rounds = roundsOf(1);
  for (let i = 0; i < rounds; i++) {
    const key = await fleet.issue();
    await rename(folder, `${folder}-away`);
    // The journal that they have read is no longer there, or a record cannot be written.
    await fleet.until(key.token, "STORE_REWOUND or STORE_UNAVAILABLE");
    await putBack(`${folder}-away`, folder);
    await fleet.until(key.token, "accepted");
    await fleet.revoke(key);
    await fleet.check();
  }
  fleet.print("file: folder gone", rounds);
}, 600_000);

test("servers accept nothing after an older copy of the journal was put back, until a person adopts it", async () => {
  const folder = await aFolder();
  const path = join(folder, "keys.jsonl");
  const place = { spec: `file:${path}`, env: {} };
  const rounds = roundsOf(1);
  for (let i = 0; i < rounds; i++) {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { mode: 0o700 });
    const fleet = await aFleet(place, { ...follower, servers: 2, maxStaleness: 10 });
    const old = await fleet.issue();
    await copyFile(path, `${path}.copy`);
    const lost = await fleet.issue();
    await fleet.revoke(old);
    await rename(`${path}.copy`, path);
    await fleet.until(lost.token, "STORE_REWOUND");
    await fleet.until(old.token, "STORE_REWOUND");
    const fresh = await open(place);
    await fresh.startEpoch?.({ at: Math.floor(Date.now() / 1000), by: "ada@laptop" });
    await fleet.until(lost.token, "unknown");
    await fleet.until(old.token, "accepted");
    for (const each of [...fleet.servers]) fleet.kill(each);
    await sleep(50);
  }
}, 600_000);

test("servers go on while the disk is full, and confirm a revocation", async ({ skip }) => {
  const folder = join(await aFolder(), "disk");
  await mkdir(folder, { mode: 0o700 });
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=256k,mode=700", "mcp-keys-test", folder], { stdio: "ignore" });
  } catch {
    return skip("needs the permission to mount; injected failures cover it");
  }
  onTestFinished(() => void execFileSync("umount", ["-l", folder]));
  const fleet = await aFleet(
    { spec: `file:${folder}/keys.jsonl`, env: {} },
    { ...follower, servers: 2, maxStaleness: 1.5 },
  );
  const rounds = roundsOf(1);
  for (let i = 0; i < rounds; i++) {
    const [stays, goes] = [await fleet.issue(), await fleet.issue()];
    await writeFile(join(folder, "filler"), Buffer.alloc(1_000_000)).catch((fault: unknown) => {
      expect(fault).toMatchObject({ code: "ENOSPC" });
    });
    // Longer than a lease, which is renewed meanwhile.
    await sleep(3_500);
    await fleet.until(stays.token, "accepted");
    await fleet.revoke(goes);
    await fleet.until(goes.token, "revoked");
    await rm(join(folder, "filler"));
    await fleet.revoke(stays);
    await fleet.check();
  }
  fleet.print("file: full disk", rounds);
}, 600_000);
