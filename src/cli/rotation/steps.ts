import { formatTime } from "../../core/duration.ts";
import { maskCommand } from "../../core/find-token.ts";
import type { Version } from "../../core/key.ts";
import { shellQuote } from "../../core/shell-quote.ts";
import type { RotateOptions } from "../../keys/rotate.ts";
import type { Change, KeyStore } from "../../stores/store.ts";
import type { Delivery } from "../delivery.ts";
import { nameServer } from "../proof-failure.ts";
import type { RotateFlags } from "./flags.ts";

/** Takes the description of a step: its name, a colon and what it does. */
export type ReportStep = (step: string) => void;

/** Returns the same steps, each of which is reported before it runs. */
export function reportSteps(
  options: RotateOptions,
  flags: RotateFlags,
  { delivery, report }: { delivery: Delivery; report: ReportStep },
): RotateOptions {
  const { publish, wait, proveEarly, deliver, deploy, prove } = options;
  const servers = describeServers(flags);
  const alsoOld = flags.oldTokenEnv === undefined ? "" : ", and the old one still does";
  const before =
    <T extends unknown[]>(step: string, run: (...given: T) => Promise<void>) =>
    async (...given: T): Promise<void> => {
      report(step);
      await run(...given);
    };
  return {
    ...options,
    ...(publish !== undefined && { publish: before(`publish: a keyset to ${quoteAll(flags.publish)}`, publish) }),
    ...(wait !== undefined && {
      wait: before("wait: until every server accepts the new token, before anyone has it", wait),
    }),
    ...(proveEarly !== undefined && {
      proveEarly: before(`prove early: the new token works at ${servers}, before anyone has it`, proveEarly),
    }),
    deliver: before(`deliver: the token to ${delivery.to?.join(" and ") ?? "standard output"}`, deliver),
    ...(deploy !== undefined && { deploy: before(`deploy: with ${quoteAll(flags.deploy)}`, deploy) }),
    ...(prove !== undefined && { prove: before(`prove: the new token works at ${servers}${alsoOld}`, prove) }),
  };
}

/** Returns the same store, which reports each change that is a step. */
export async function reportChanges(store: KeyStore, report: ReportStep): Promise<KeyStore> {
  const { observeWrites } = await import("../lazy/keys.ts");
  return observeWrites(store, (change) => {
    const step = describeChange(change);
    if (step !== null) report(step);
  });
}

/** Describes the changes of a rotation that are steps; `null` for any other. */
function describeChange({ op, version, detail, keys: [key] }: Change): string | null {
  if (key === undefined || version === undefined || detail !== undefined) return null;
  if (op === "stage") return `stage: version ${String(version)} of ${key.name}`;
  if (op !== "promote") return null;
  const ends = key.versions.filter(({ n, state }) => n < version && state === "retiring").map(describeEnd);
  const rest = ends.length === 0 ? "no older version works" : ends.join("; ");
  return `promote: version ${String(version)} becomes current; ${rest}`;
}

function describeEnd({ n, retiresAt, expiresAt }: Version): string {
  const end = Math.min(retiresAt ?? Infinity, expiresAt ?? Infinity);
  return `version ${String(n)} works until about ${formatTime(end)}`;
}

function describeServers({ verify = [], verifyAll }: RotateFlags): string {
  return [...new Set(verify.map(nameServer)), ...(verifyAll === undefined ? [] : [`each server in ${verifyAll}`])].join(
    " and ",
  );
}

function quoteAll(commands: readonly string[] = []): string {
  return commands.map((command) => shellQuote(maskCommand(command))).join(" and ");
}
