import { Command, Option } from "commander";
import { isUsable, type Verdict } from "../../core/judge.ts";
import type { Epoch, Key } from "../../core/key.ts";
import { REVOKE_REASONS } from "../../core/revoke.ts";
import type { Secret } from "../../core/secret.ts";
import { isRevoked } from "../../core/status.ts";
import { parseToken } from "../../core/token.ts";
import { KeysError } from "../../errors.ts";
import type { CommandModule, Context } from "../context.ts";
import { refuseUnused } from "../flags.ts";
import { addStore } from "../hint.ts";
import { versionJson } from "../json.ts";
import { reportChange } from "../report-change.ts";
import { keyLabel } from "../terminal/render.ts";
import { addWaitFlags, openWait, type WaitFlags } from "../wait.ts";
import { readGivenToken, TOKEN_ENV, type GivenTokenFlags } from "../token-source.ts";

interface RevokeFlags extends GivenTokenFlags, WaitFlags {
  readonly version?: number;
  readonly reason?: (typeof REVOKE_REASONS)[number];
  readonly releaseName?: boolean;
  readonly token?: boolean;
  readonly yes?: boolean;
}

export const revoke: CommandModule = {
  examples: [
    "mcp-keys revoke ci --reason compromised         # asks you to type the name first",
    "mcp-keys revoke ci --yes                        # in scripts",
    "mcp-keys revoke ci --version 1 --yes            # one version only",
    "mcp-keys revoke --token --yes < ./found.key     # the version that this token belongs to",
  ],
  build: (open) =>
    addWaitFlags(new Command("revoke"), { byDefault: true })
      .description(
        "Revokes a key, or one of its versions, at once and permanently. The store keeps it as a revoked key. With --token, " +
          "reads a token from standard input or the variable of --token-env, else prompts, and revokes its version only.",
      )
      .argument("[key]", "name or id; not with --token")
      .addOption(new Option("--version <n>", "only this version").argParser(parseVersion))
      .addOption(
        new Option("--reason <reason>", "reason, for the history (default: other; compromised with --token)").choices(
          REVOKE_REASONS,
        ),
      )
      .addOption(new Option("--release-name", "free its name for another key").conflicts("version"))
      .addOption(new Option("--token", "the version of a token that you found").conflicts(["version", "releaseName"]))
      .option(TOKEN_ENV, "the variable with the token, with --token")
      .option("--yes", "do not ask for confirmation")
      .action((ref: string | undefined, flags: RevokeFlags, command: Command) => {
        refuseUnused(command, { token: ["tokenEnv"] });
        if (flags.token === true) return runRevokeToken(open(), ref, flags);
        if (ref !== undefined) return runRevoke(open(), ref, flags);
        throw new KeysError("USAGE", "no key was given", {
          hint: "name it, as in: mcp-keys revoke ci; or revoke a token that you have with: mcp-keys revoke --token",
        });
      }),
};

async function runRevoke(ctx: Context, ref: string, flags: RevokeFlags): Promise<void> {
  const { version, reason = "other", releaseName = false, yes = false } = flags;
  const keys = await ctx.keys();
  const before = await keys.get(ref, { digests: false });
  if (!yes) await confirm(ctx, before, version);
  const wait = await openWait(ctx, flags, true);
  const updated = await keys.revoke(before.id, {
    reason,
    releaseName,
    ...(version !== undefined && { version }),
  });
  const { key, changed } = updated;
  const what = version === undefined ? keyLabel(key) : `version ${String(version)} of ${keyLabel(key)}`;
  const wasRevoked = version === undefined ? isRevoked(before) : !changed;
  const say = (): void => {
    ctx.io.note(wasRevoked ? `${what} was already revoked` : `revoked ${what}`);
    if (key.name !== before.name) ctx.io.note(`the name ${before.name} is free again`);
  };
  await reportChange(ctx, updated, { wait, say });
}

/** Revokes the version of a token, whatever its state: whoever has the token may end it. */
async function runRevokeToken(ctx: Context, ref: string | undefined, flags: RevokeFlags): Promise<void> {
  if (ref !== undefined) {
    throw new KeysError("USAGE", "--token takes no key: the token tells which one it is", {
      hint: "remove the key, or remove --token",
    });
  }
  const { io, world } = ctx;
  const keys = await ctx.keys();
  const token = await readGivenToken(ctx, flags, "judge");
  const verdict = await keys.check(token.reveal());
  if (verdict.key === undefined || verdict.version === undefined) throw unknownToken(token, verdict);
  const { n, ...before } = verdict.version;
  if (flags.yes !== true) await confirm(ctx, verdict.key, n);
  const wait = await openWait(ctx, flags, true);
  const reason = flags.reason ?? "compromised";
  const updated = await keys.revoke(verdict.key.id, { version: n, reason });
  const { key, changed } = updated;
  const now = world.now();
  const version = key.versions.find((each) => each.n === n) ?? verdict.version;
  const what = `version ${String(n)} of ${keyLabel(key)}`;
  const ended = isUsable(before, now) ? "" : ", which had already ended";
  const say = (): void => {
    io.note(changed ? `revoked ${what}${ended}` : `${what} was already revoked`);
    io.note(addStore(describeRest(key, now), ctx.flags.store));
  };
  await reportChange(ctx, updated, { wait, say, more: { version: versionJson(version, now) } });
  if (key.versions.some((version) => isUsable(version, now))) return;
  io.next(isRevoked(key) ? `mcp-keys generate ${key.name} --replace` : `mcp-keys rotate ${key.name}`);
}

/** Says which versions of the key still work. */
function describeRest({ name, enabled, versions }: Key, now: Epoch): string {
  const others = versions.filter((version) => isUsable(version, now)).map(({ n }) => String(n));
  if (others.length === 0) return `no version of ${name} works any more`;
  const state = enabled ? `still ${others.length === 1 ? "works" : "work"}` : "would work again if it is enabled";
  const which = others.length === 1 ? "version" : "versions";
  return `${which} ${others.join(", ")} of ${name} ${state}; end the whole key with: mcp-keys revoke ${name}`;
}

/** Builds the error for a token without a key. A keychain forgets the tokens of revoked versions, but not their key. */
function unknownToken(token: Secret, verdict: Verdict): KeysError {
  const reason = verdict.ok ? "" : ` (${verdict.reason})`;
  const parsed = parseToken(token.reveal());
  const hint = parsed.ok
    ? `it may be of another store, or revoked already: mcp-keys show ${parsed.id}`
    : "copy the whole token; if it is of another store, select that with --store";
  return new KeysError("TOKEN_REFUSED", `no key in this store has this token${reason}`, { hint });
}

/** Asks the user to type the name, because revoking cannot be undone. */
async function confirm(ctx: Context, key: Key, version: number | undefined): Promise<void> {
  if (!ctx.interactive) {
    const which = version === undefined ? key.name : `version ${String(version)} of ${key.name}`;
    throw new KeysError("INPUT_REQUIRED", `revoking ${which} cannot be undone`, {
      hint: "confirm with --yes",
    });
  }
  const what = version === undefined ? "the key" : `version ${String(version)} of the key`;
  const prompts = await ctx.prompts();
  await prompts.text({
    message: `This revokes ${what} permanently. Type the name of the key (${key.name}) to continue:`,
    check: (answer) => answer === key.name || `type ${key.name}, or press Ctrl-C to cancel`,
  });
}

function parseVersion(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) {
    throw new KeysError("USAGE", `${JSON.stringify(text)} is not a version number`, {
      hint: "see the versions with: mcp-keys show <key>",
    });
  }
  return Number(text);
}
