import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { build } from "esbuild";
import { createKeys, waitForServers, type KeyStore } from "../../src/index.ts";
import type { Order, Sighting } from "./follower.ts";

/** A server process that follows the store. */
export interface FollowerProcess {
  readonly name: string;
  watch(token: string): void;
  report(): Promise<Map<string, Sighting>>;
  kill(signal: NodeJS.Signals): void;
  /** Sets the wall clock of the process. */
  shift(seconds: number): void;
  stop(): Promise<void>;
}

/** What a run of revocations took. Times in milliseconds. */
export interface FleetFigures {
  readonly revocations: number;
  readonly followers: number;
  /** From the call of `revoke` until the last server refused the token. */
  readonly refused: Spread;
  /** From the call of `revoke` until every server had confirmed. */
  readonly confirmed: Spread;
  /** How many requests were accepted after the confirmation. */
  readonly acceptedLate: number;
  /** How many servers accepted the token before: a run in which none did shows nothing. */
  readonly acceptedBefore: number;
}

export interface Spread {
  readonly p50: number;
  readonly p99: number;
}

/** Bundles the follower once. Returns the path and a function that removes it. */
export async function buildFollower(): Promise<{ program: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "mcp-keys-fleet-"));
  const program = join(folder, "follower.mjs");
  await build({
    entryPoints: [join(import.meta.dirname, "follower.ts")],
    ...{ bundle: true, outfile: program, platform: "node", format: "esm", target: "node20.17" },
    external: ["@napi-rs/keyring", "keytar"],
    banner: {
      js: 'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);',
    },
  });
  return { program, remove: () => rm(folder, { recursive: true, force: true }) };
}

interface FollowerOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** How often it tries the tokens that it watches. */
  readonly everyMs?: number;
  /** Seconds. */
  readonly maxStaleness?: number;
}

/** Starts a server process, and waits until it follows. */
export async function startFollower(
  program: string,
  spec: string,
  name: string,
  { env = {}, everyMs = 1, maxStaleness = 60 }: FollowerOptions = {},
): Promise<FollowerProcess> {
  const child = spawn(process.execPath, [program, spec, name, String(everyMs), String(maxStaleness)], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { PATH: process.env["PATH"], ...env },
  });
  child.stdin.on("error", () => undefined);
  const lines = createInterface(child.stdout);
  const next = async (): Promise<unknown> => JSON.parse(((await once(lines, "line")) as [string])[0]);
  const order = (given: Order): void => void child.stdin.write(`${JSON.stringify(given)}\n`);
  const failed = once(child, "close").then(() => Promise.reject(new Error(`${name} ended before it was ready`)));
  // Only until it is ready.
  failed.catch(() => undefined);
  await Promise.race([next(), failed]);
  return {
    name,
    watch: (token) => order({ watch: token }),
    async report() {
      const answer = next();
      order({ report: true });
      return new Map((await answer) as [string, Sighting][]);
    },
    kill: (signal) => void child.kill(signal),
    shift: (seconds) => order({ shift: seconds }),
    async stop() {
      const ended = once(child, "close");
      order({ stop: true });
      await ended;
    },
  };
}

/** Revokes one key after the other while all servers try its token, and compares what they saw with each confirmation. */
export async function measureFleet(
  store: KeyStore,
  followers: readonly FollowerProcess[],
  revocations: number,
): Promise<FleetFigures> {
  const keys = createKeys({ store });
  const rounds: { token: string; start: bigint; confirmed: bigint }[] = [];
  for (let i = 0; i < revocations; i++) {
    const { key, token, position: issued } = await keys.generate({ name: `key-${String(i)}`, expiresAt: null });
    await waitForServers(store, issued);
    for (const each of followers) each.watch(token.reveal());
    // Time for each server to accept it at least once.
    await new Promise((resolve) => setTimeout(resolve, 30));
    const start = process.hrtime.bigint();
    const { position } = await keys.revoke(key.id);
    const { lagging } = await waitForServers(store, position);
    if (lagging.length > 0) throw new Error(`not confirmed by ${lagging.map(({ name }) => name).join(" ")}`);
    rounds.push({ token: token.reveal(), start, confirmed: process.hrtime.bigint() });
  }
  await new Promise((resolve) => setTimeout(resolve, 100));
  const reports = await Promise.all(followers.map((each) => each.report()));
  const seen = rounds.map(({ token, ...times }) => ({ ...times, sightings: reports.map((each) => each.get(token)) }));
  const late = seen.flatMap(({ confirmed, sightings }) =>
    sightings.filter((each) => each?.accepted != null && BigInt(each.accepted) > confirmed),
  );
  const msBetween = (from: bigint, to: bigint): number => Number(to - from) / 1e6;
  const lastRefusal = ({ sightings }: (typeof seen)[number]): bigint =>
    sightings.reduce(
      (last, each) => (each?.refused == null || BigInt(each.refused) < last ? last : BigInt(each.refused)),
      0n,
    );
  return {
    revocations,
    followers: followers.length,
    refused: spreadOf(seen.map((round) => msBetween(round.start, lastRefusal(round)))),
    confirmed: spreadOf(seen.map(({ start, confirmed }) => msBetween(start, confirmed))),
    acceptedLate: late.length,
    acceptedBefore: seen.flatMap(({ sightings }) => sightings.filter((each) => each?.accepted != null)).length,
  };
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(Math.floor(share * sorted.length), sorted.length - 1)] ?? NaN;
  return { p50: at(0.5), p99: at(0.99) };
}
