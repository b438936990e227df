import { Command } from "commander";
import { parseAudience, parseScope } from "../../core/generate.ts";
import { endOf, isUsable, type Reason, type Verdict } from "../../core/judge.ts";
import type { Epoch, Key } from "../../core/key.ts";
import { opaqueIdOf } from "../../core/opaque.ts";
import type { KeyStore } from "../../stores/store.ts";
import type { CommandModule, Context } from "../context.ts";
import { warnIfEnding } from "../expiry.ts";
import { listFlag } from "../flags.ts";
import { addStore } from "../hint.ts";
import { keyJson, timeJson, versionJson } from "../json.ts";
import { askInOrder } from "../readers.ts";
import { keyLabel } from "../terminal/render.ts";
import { readToken } from "../token-source.ts";

interface CheckFlags {
  readonly scope?: string[];
  readonly audience?: string;
}

export const check: CommandModule = {
  examples: [
    "mcp-keys check < ./ci.key                     # a token from a file",
    "mcp-keys check --scope notes:read --json      # the token in MCP_API_KEY",
  ],
  build: (open) =>
    new Command("check")
      .description(
        "Checks a token against the store: exit 0 if it is valid, 4 if it is refused. " +
          "Reads the token from standard input, else MCP_API_KEY, else prompts.",
      )
      .addOption(listFlag("--scope <scope>", "also require this scope; all of them, if repeated", parseScope))
      .option("--audience <url>", "also require that the key is valid for this server")
      .action((flags: CheckFlags) => runCheck(open(), flags)),
};

async function runCheck(given: Context, { scope, audience }: CheckFlags): Promise<void> {
  const demand = {
    ...(scope !== undefined && { scopes: scope }),
    ...(audience !== undefined && { audience: parseAudience(audience) }),
  };
  if (given.flags.stores.length < 2) await given.keys();
  const token = (await readToken(given, "judge")).reveal();
  let unknown: Verdict = { ok: false, reason: "unknown" };
  const answer = await askInOrder(given, async (store, keys) => {
    const verdict = await (await keys()).check(token, demand);
    if (verdict.key !== undefined || (await hasKeyOf(store, token))) return verdict;
    unknown = verdict;
    return null;
  });
  const verdict = answer?.value ?? unknown;
  const { ctx, named } = answer ?? { ctx: given, named: {} };
  const { io, paint, world } = ctx;
  const { ok, key, version } = verdict;
  if (!ok) ctx.setExitStatus(4);
  else warnIfEnding(ctx, verdict);
  if (ctx.flags.json) {
    await io.json({
      ok,
      ...named,
      ...(!ok && { reason: verdict.reason }),
      ...(ok && { endsAt: timeJson(endOf(verdict.version)) }),
      ...(key !== undefined && { key: keyJson(key, world.now()) }),
      ...(version !== undefined && { version: versionJson(version, world.now()) }),
    });
    return;
  }
  if (!ok) io.note(`hint: ${addStore(adviceOn(verdict.reason, key, world.now()), ctx.flags.store)}`);
  const where = named.store === undefined ? "" : ` in ${named.store}`;
  const whose =
    key === undefined || version === undefined ? "" : `: ${keyLabel(key)}, version ${String(version.n)}${where}`;
  await io.print(`${ok ? paint.good("valid") : `${paint.error("refused")} (${verdict.reason})`}${whose}\n`);
}

/** A store also knows a token if it has the key whose id the token carries: its digest may be gone. */
async function hasKeyOf(store: KeyStore, token: string): Promise<boolean> {
  const id = opaqueIdOf(token);
  return (await store.get(id, { digests: false }))?.id === id;
}

function adviceOn(reason: Reason, key: Key | undefined, now: Epoch): string {
  const name = key?.name ?? "<key>";
  const current = key?.versions.find((version) => version.state === "current" && isUsable(version, now));
  if ((reason === "expired" || reason === "revoked") && current !== undefined) {
    return `use the token of version ${String(current.n)}, or replace it with: mcp-keys rotate ${name}`;
  }
  switch (reason) {
    case "disabled":
      return `accept it again with: mcp-keys enable ${name}`;
    case "wrong-audience":
    case "insufficient-scope":
      return `see what the key is for with: mcp-keys show ${name}`;
    case "expired":
      return `replace it with: mcp-keys rotate ${name}`;
    case "revoked":
      return key?.versions.every(({ state }) => state === "revoked") === true
        ? `issue a new key with this name: mcp-keys generate ${name} --replace`
        : `replace it with: mcp-keys rotate ${name}`;
    case "mistyped":
      return "copy the whole token again; if it is lost, replace it with: mcp-keys rotate <key>";
    case "missing":
    case "malformed":
    case "unknown":
      return "no key in this store has this token; see which store is in use with: mcp-keys store";
  }
}
