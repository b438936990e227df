import { Option, type Command } from "commander";
import { formatDuration, parseDuration } from "../core/duration.ts";
import type { Secret } from "../core/secret.ts";
import { KeysError } from "../errors.ts";
import type { KeyHeader } from "../probe/mcp/key-header.ts";
import { sleep } from "../core/sleep.ts";
import type { Context } from "./context.ts";
import { listFlag } from "./flags.ts";
import { headerFlag } from "./header-flag.ts";
import { describeFailures, FINAL, nameServer, type ProofFailure, type ProvenToken } from "./proof-failure.ts";
import { runVerification } from "./server-verification.ts";
import { readTokenVariable } from "./token-source.ts";

/** The flags of `rotate` for the servers that must accept the new token. */
export interface ProofFlags {
  readonly verify?: readonly string[];
  readonly verifyAll?: string;
  readonly header?: KeyHeader;
  readonly oldTokenEnv?: string;
  /** Seconds. */
  readonly patience: number;
  readonly allowHttp?: boolean;
}

/**
 * Proves a new token; `undefined` without `--verify` and `--verify-all`.
 * @param isDelivered - whether somebody has the token
 */
export type TokenProof = ((token: Secret, isDelivered?: boolean) => Promise<void>) | undefined;

/** Pause between two attempts. Milliseconds. */
const PAUSE = 500;
/** Time limit for one attempt. Seconds. */
const ATTEMPT_TIMEOUT = 10;
/** Servers that are tried at a time. */
const AT_ONCE = 8;

/** Adds `--verify`, `--verify-all`, `--header`, `--old-token-env`, `--patience` and `--allow-http`. */
export function addProofFlags(command: Command): Command {
  return command
    .addOption(
      // A URL may contain a comma.
      listFlag(
        "--verify <url>",
        "keep the old token until this server accepts the new one",
        String,
        /,(?=\s*https?:)/i,
      ),
    )
    .option("--verify-all <file>", "the same for each server in a file: one URL a line, # starts a comment")
    .addOption(headerFlag())
    .option("--old-token-env <name>", "variable with the old token, which the servers must still accept")
    .addOption(
      new Option("--patience <duration>", "how long --verify keeps trying")
        .default(60, formatDuration(60))
        .argParser(parseDuration),
    )
    .option("--allow-http", "let --verify send tokens over plain http beyond this machine");
}

/**
 * Returns the proof step of a rotation. It presents the new token until each server accepts it and refuses everything else, or
 * until `patience` runs out; then the old one, if there is a variable for it. URLs and the old token are checked now, before
 * anything is staged.
 * @throws `KeysError` `INSECURE_TRANSPORT`, `USAGE`, `INPUT_REQUIRED`, `TOKEN_UNUSABLE`, `TOKEN_REFUSED` for an old token that is not
 * one of this key; the returned step throws `TOKEN_REFUSED`, `SERVER_UNPROTECTED`, `SERVER_UNREACHABLE` or `SERVER_NOT_MCP`,
 * depending on the last attempts
 */
export async function openTokenProof(ctx: Context, ref: string, flags: ProofFlags): Promise<TokenProof> {
  if (flags.verify === undefined && flags.verifyAll === undefined) return undefined;
  const urls = await readUrls(flags);
  const old = await readOldToken(ctx, ref, flags.oldTokenEnv);
  return async (token, isDelivered = false) => {
    await proveEverywhere(ctx, urls, { ...flags, token, which: "new", isDelivered });
    if (old !== undefined) await proveEverywhere(ctx, urls, { ...flags, token: old, which: "old", isDelivered });
  };
}

/** Returns the URLs of `--verify` and `--verify-all`. */
export async function readUrls({ verify = [], verifyAll, allowHttp }: ProofFlags): Promise<string[]> {
  const [{ isExposed, parseServerUrl }, { readUrlList }] = await Promise.all([
    import("../probe/mcp/server-url.ts"),
    import("./url-list.ts"),
  ]);
  const given = verify.map((text) => ({ url: parseServerUrl(text, null), place: "" }));
  const listed = verifyAll === undefined ? [] : await readUrlList(verifyAll);
  const all = [...given, ...listed.map(({ url, line }) => ({ url, place: `line ${String(line)} of --verify-all: ` }))];
  const exposed = all.find(({ url }) => isExposed(url, allowHttp));
  if (exposed !== undefined) {
    const message = `${exposed.place}the new token is not sent over plain http to another machine`;
    throw new KeysError("INSECURE_TRANSPORT", message);
  }
  return [...new Set(all.map(({ url }) => url.href))];
}

async function readOldToken(ctx: Context, ref: string, name: string | undefined): Promise<Secret | undefined> {
  if (name === undefined) return undefined;
  const old = readTokenVariable(ctx, name, { flag: "--old-token-env", what: "the old token" });
  const keys = await ctx.keys();
  const [key, verdict] = await Promise.all([keys.get(ref), keys.check(old.reveal())]);
  if (verdict.ok && verdict.key.id === key.id) return old;
  throw new KeysError("TOKEN_REFUSED", `the token in ${name} is not a valid token of ${key.name}`, {
    hint: `put the token that clients use now into ${name}, or remove --old-token-env; nothing was changed`,
  });
}

interface Proof extends ProofFlags {
  readonly token: Secret;
  readonly which: ProvenToken;
  readonly isDelivered: boolean;
}

/** Presents a token to all servers, which must accept it, or refuse the retiring one. They share the time limit, but each is tried at least once. */
export async function proveEverywhere(ctx: Context, urls: readonly string[], proof: Proof): Promise<void> {
  const end = ctx.world.ticks() + proof.patience * 1000;
  let waiting = [...urls];
  const failures = new Map<string, ProofFailure>();
  for (let round = 0; waiting.length > 0; round++) {
    if (round > 0) await sleep(PAUSE, ctx.world.interrupted);
    const failed = await tryEach(ctx, waiting, proof);
    for (const { url, outcome } of failed) {
      if (failures.get(url)?.outcome !== outcome) ctx.io.debug(`${nameServer(url)}: ${outcome}`);
    }
    for (const url of waiting) failures.delete(url);
    for (const failure of failed) failures.set(failure.url, failure);
    if (failed.some(({ outcome }) => FINAL[outcome]) || ctx.world.ticks() + PAUSE >= end) break;
    waiting = failed.map(({ url }) => url);
  }
  const left = urls.map((url) => failures.get(url)).filter((failure) => failure !== undefined);
  if (left.length > 0) throw describeFailures(left, urls.length, proof);
}

/** Tries each server once and returns those that failed. */
async function tryEach(ctx: Context, urls: readonly string[], proof: Proof): Promise<ProofFailure[]> {
  const { token, header, allowHttp = false, which } = proof;
  const failed: ProofFailure[] = [];
  const queue = urls.values();
  const work = async (): Promise<void> => {
    // The workers share the iterator.
    for (const url of queue) {
      const { outcome, hint } = await runVerification(ctx, { url, token, header, timeout: ATTEMPT_TIMEOUT, allowHttp });
      if (which !== "retiring" && outcome !== "enforced") failed.push({ url, outcome, hint });
      // A server that only misses a scope accepts the token.
      const isAccepted = outcome === "forbidden" || outcome === "enforced";
      if (which === "retiring" && outcome !== "refused") {
        failed.push({ url, outcome: isAccepted ? "enforced" : outcome, hint: isAccepted ? undefined : hint });
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return failed;
}
