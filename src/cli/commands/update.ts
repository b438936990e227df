import { Command, Option } from "commander";
import { parseExpiry } from "../../core/duration.ts";
import { describeEdit, type KeyChanges } from "../../core/edit.ts";
import { parseAudience, parseName, parseScope } from "../../core/generate.ts";
import type { Epoch } from "../../core/key.ts";
import { currentVersion } from "../../core/status.ts";
import { KeysError } from "../../errors.ts";
import type { CommandModule, Context } from "../context.ts";
import { warnIfShort } from "../expiry.ts";
import { listFlag, tagFlag, tagsOf } from "../flags.ts";
import { reportChange } from "../report-change.ts";
import { keyLabel } from "../terminal/render.ts";
import { addWaitFlags, openWait, type WaitFlags } from "../wait.ts";

/** `scopes`, `audience`, `owner` and `note` are false with their `--no-` flag. */
interface UpdateFlags extends WaitFlags {
  readonly scope?: string[];
  readonly addScope?: string[];
  readonly removeScope?: string[];
  readonly scopes: boolean;
  readonly audience?: string[] | false;
  readonly owner?: string | false;
  readonly note?: string | false;
  readonly tag?: [name: string, value: string][];
  readonly removeTag?: string[];
  readonly expires?: string;
  readonly name?: string;
}

export const update: CommandModule = {
  examples: [
    "mcp-keys update ci --add-scope notes:read --remove-scope deploy",
    "mcp-keys update ci --expires 30d --owner payments",
    "mcp-keys update ci --name ci-deploy",
  ],
  build: (open) =>
    addWaitFlags(new Command("update"))
      .description(
        "Changes the settings of a key. Its tokens stay the same, and running servers follow at once. Settings without a flag " +
          "stay as they are.",
      )
      .argument("<key>", "name or id")
      .addOption(listFlag("--scope <scope>", "replace the scopes of the key", parseScope))
      .addOption(listFlag("--add-scope <scope>", "add a scope", parseScope).conflicts("scope"))
      .addOption(listFlag("--remove-scope <scope>", "remove a scope", (text) => text).conflicts("scope"))
      .addOption(new Option("--no-scopes", "remove all scopes").conflicts(["scope", "addScope", "removeScope"]))
      .addOption(listFlag("--audience <url>", "replace the servers this key is valid for", parseAudience))
      .option("--no-audience", "make it valid for any server")
      .option("--owner <text>", "person or team responsible for the key")
      .option("--no-owner", "remove the owner")
      .option("--note <text>", "what the key is for")
      .option("--no-note", "remove the note")
      .addOption(tagFlag("set a tag"))
      .addOption(listFlag("--remove-tag <name>", "remove a tag", (text) => text))
      .option("--expires <when>", "when its working versions expire: 90d, 2027-03-01 or never")
      .option("--name <name>", "rename the key; its id stays the same")
      .action((ref: string, flags: UpdateFlags, command: Command) => {
        const changes = toChanges(flags, () => open().world.now());
        if (Object.keys(changes).length > 0) return runUpdate(open(), ref, changes, flags);
        const names = command.options.filter(({ helpGroupHeading }) => helpGroupHeading === undefined);
        throw new KeysError("USAGE", "update has nothing to change", {
          hint: `add some of ${names.flatMap(({ long }) => (long === "--wait" ? [] : [long])).join(", ")}`,
        });
      }),
};

/** Returns the changes that the flags ask for. */
function toChanges(flags: UpdateFlags, now: () => Epoch): KeyChanges {
  const { scope, addScope, removeScope, scopes, audience, owner, note, tag, removeTag, expires, name } = flags;
  return {
    ...(name !== undefined && { name: parseName(name) }),
    ...(scope !== undefined && { scopes: scope }),
    ...(!scopes && { scopes: [] }),
    ...(addScope !== undefined && { addScopes: addScope }),
    ...(removeScope !== undefined && { removeScopes: removeScope }),
    ...(audience !== undefined && { audience: audience === false ? [] : audience }),
    ...(owner !== undefined && { owner: owner === false ? null : owner }),
    ...(note !== undefined && { note: note === false ? null : note }),
    ...((tag !== undefined || removeTag !== undefined) && { tags: tagChanges(tagsOf(tag), removeTag ?? []) }),
    ...(expires !== undefined && { expiresAt: parseExpiry(expires, now()) }),
  };
}

function tagChanges(tags: Record<string, string>, removed: readonly string[]): Record<string, string | null> {
  const both = removed.find((name) => Object.hasOwn(tags, name));
  if (both === undefined) return { ...tags, ...Object.fromEntries(removed.map((name) => [name, null])) };
  throw new KeysError("USAGE", `the tag ${JSON.stringify(both)} is set and removed at the same time`, {
    hint: "remove --tag or --remove-tag",
  });
}

async function runUpdate(ctx: Context, ref: string, changes: KeyChanges, flags: WaitFlags): Promise<void> {
  const { io } = ctx;
  const now = ctx.world.now();
  const keys = await ctx.keys();
  const before = await keys.get(ref, { digests: false });
  const wait = await openWait(ctx, flags);
  const updated = await keys.update(before.id, changes);
  const { key, changed } = updated;
  const say = (): void => {
    io.note(
      changed
        ? `updated ${keyLabel(key)}: ${describeEdit(before, key)}`
        : `${keyLabel(key)} already has these settings`,
    );
    const current = currentVersion(key);
    if (changes.expiresAt !== undefined && current !== undefined) warnIfShort(io, key.name, current.expiresAt, now);
  };
  await reportChange(ctx, updated, { wait, say });
}
