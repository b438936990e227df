import { resolve } from "node:path";
import type { ClientFormat, RemoteServer } from "../clients/client.ts";
import { clients } from "../clients/index.ts";
import { keyStep } from "../clients/key-step.ts";
import type { ClientName } from "../clients/names.ts";
import { renderConfig } from "../clients/render-config.ts";
import { KeysError } from "../errors.ts";
import { isExposed, parseServerUrl } from "../probe/mcp/server-url.ts";
import type { Context } from "./context.ts";

/** Milliseconds that an interrupted edit may take to finish: parsing megabytes takes a while. */
const EDIT_LIMIT = 2_000;

/** What to configure, and where. */
export interface ClientFlags {
  readonly for?: ClientName;
  readonly url?: string;
  readonly allowHttp?: true;
  readonly serverName?: string;
  readonly envName?: string;
  /** A file, or `true` for the one that the client reads. */
  readonly install?: string | true;
  readonly scope?: "project" | "user";
  readonly force?: boolean;
}

/**
 * Prints the configuration of a client, or adds it to the client's file. It names the variable with the key, and contains no token.
 * @throws {@link KeysError} `USAGE` `INSECURE_TRANSPORT`; `OUTPUT_EXISTS` for an entry that differs; `DELIVERY_FAILED`
 */
export async function runExportFor(ctx: Context, name: ClientName, flags: ClientFlags): Promise<void> {
  const client = clients[name];
  const server = readServer(name, client, flags);
  if (flags.install !== undefined) return install(ctx, name, client, server, flags);
  const text = renderConfig(client, server);
  if (ctx.flags.json) return ctx.io.json({ client: name, text });
  await ctx.io.print(text);
  ctx.io.note(keyStep(client, server.envName));
  if (client.userFile !== undefined) ctx.io.note(`run this with --install to add it to the file of ${client.title}`);
}

async function install(
  ctx: Context,
  name: ClientName,
  client: ClientFormat,
  server: RemoteServer,
  flags: ClientFlags,
): Promise<void> {
  const { editConfig, editFile, resolvePlace } = await import("./lazy/install.ts");
  const isProject = flags.scope === "project";
  const path = fileOf(name, client, server, flags, () => resolvePlace(ctx.world.env, ctx.world.platform));
  const removed = new Set<string>();
  const options = {
    ...{ syntax: client.syntax, force: flags.force === true, source: path },
    onRemoved: (setting: string) => removed.add(setting),
  };
  // While the parsers were loaded.
  if (ctx.world.interrupted.aborted) throw new KeysError("INTERRUPTED", "interrupted");
  const editing = editFile(path, {
    edit: (before) => editConfig(before, client.entries(server), options),
    uid: ctx.world.uid,
    // An edit that has begun is finished.
    onOpen: ignore,
    ...(isProject && { within: resolve("."), isPublic: client.key === "variable" }),
  });
  ctx.atEnd(() => editing.then(ignore, ignore), EDIT_LIMIT);
  const { file, changed, backup } = await editing;
  if (ctx.flags.json) await ctx.io.json({ client: name, file, changed, backup });
  ctx.io.note(changed ? `added the server to ${file}` : `${file} already has this server`);
  if (removed.size > 0) ctx.io.note(`removed from the old entry: ${[...removed].join(", ")}`);
  if (backup !== null) ctx.io.note(`the file as it was is in ${backup}`);
  if (changed) ctx.io.note(keyStep(client, server.envName));
}

const ignore = (): void => undefined;

/** Returns the file to edit. @throws {@link KeysError} `USAGE` if the client has none there */
function fileOf(
  name: ClientName,
  { title, userFile, projectFile }: ClientFormat,
  server: RemoteServer,
  { install: file, scope = "user" }: ClientFlags,
  place: () => Parameters<NonNullable<ClientFormat["userFile"]>>[0],
): string {
  if (typeof file === "string") return file;
  if (scope === "project" && projectFile !== undefined) return projectFile(server);
  if (scope === "user" && userFile !== undefined) return userFile(place());
  throw new KeysError("USAGE", `${title} has no file ${scope === "project" ? "in a project" : "of its own"}`, {
    hint: `name the file: mcp-keys export --for ${name} --url <url> --install <file>`,
  });
}

/**
 * Returns the server as the flags describe it.
 * @throws {@link KeysError} `USAGE` `INSECURE_TRANSPORT`
 */
export function readServer(name: ClientName, { uses }: ClientFormat, flags: ClientFlags): RemoteServer {
  for (const [used, flag] of [
    ["serverName", "--server-name"],
    ["envName", "--env-name"],
  ] as const) {
    if (flags[used] === undefined || uses.includes(used)) continue;
    throw new KeysError("USAGE", `${flag} has no effect with --for ${name}`, { hint: `remove ${flag}` });
  }
  if (flags.url === undefined) {
    throw new KeysError("USAGE", "--for needs the URL of the server", {
      hint: `for example: mcp-keys export --for ${name} --url https://mcp.example.com/mcp`,
    });
  }
  const url = parseServerUrl(flags.url, null);
  if (isExposed(url, flags.allowHttp)) {
    throw new KeysError("INSECURE_TRANSPORT", "the client would send the key without encryption");
  }
  if (/[${}]/.test(url.href)) {
    throw new KeysError("USAGE", "the URL contains $ or a brace, which clients replace", {
      hint: "encode them: %24 for $, %7B and %7D for braces",
    });
  }
  return { url: url.href, serverName: serverNameOf(flags, url), envName: flags.envName ?? "MCP_API_KEY" };
}

/** The names that every client accepts. */
const SERVER_NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

/** Returns the name that the user chose, or names the server after its host. */
function serverNameOf({ serverName: chosen }: ClientFlags, { hostname }: URL): string {
  const host = hostname.replace(/[^A-Za-z0-9]+/g, "-").slice(0, 64);
  const name = chosen ?? host.replace(/^-|-$/g, "");
  if (SERVER_NAME.test(name)) return name;
  throw new KeysError("USAGE", "that is not a name that every client accepts", {
    hint: "use up to 64 letters, digits, - and _, starting with a letter or a digit, for example notes",
  });
}
