import { join, relative, resolve } from "node:path";
import { clients } from "../../clients/index.ts";
import { keyStep } from "../../clients/key-step.ts";
import type { ClientName } from "../../clients/names.ts";
import { shellQuote } from "../../core/shell-quote.ts";
import { KeysError } from "../../errors.ts";
import { readServer } from "../client-config.ts";
import type { Context } from "../context.ts";
import type { ServerProject } from "./project.ts";
import type { SetupStep } from "./step.ts";

/** The client to configure, and for which server. */
export interface ClientChoice {
  readonly client: ClientName;
  readonly url: string;
  readonly serverName?: string | undefined;
}

/** What the user does to give a client its key. */
export interface ClientPlan {
  /** Absent for a client without a file of its own. */
  readonly step?: SetupStep;
  /** Lower case, no full stop. */
  readonly next: string;
  /** How the user gets the key for it: from the environment, or to paste it. */
  readonly key: "variable" | "text";
  /** The command that shows what a client without a file needs. */
  readonly command?: string;
}

/**
 * Plans the configuration of a client, as `export --for … --install` writes it: in the project if the client reads a file there, else
 * in the user's own file.
 * @throws {@link KeysError} `USAGE` `INSECURE_TRANSPORT` `OUTPUT_EXISTS` `DELIVERY_FAILED`
 */
export async function planClient(ctx: Context, choice: ClientChoice, project: ServerProject): Promise<ClientPlan> {
  const client = clients[choice.client];
  const isNamed = client.uses.includes("serverName");
  const serverName = choice.serverName ?? (isNamed ? nameOf(project) : undefined);
  const server = readServer(choice.client, client, {
    url: choice.url,
    ...(serverName !== undefined && { serverName }),
  });
  const { editConfig, editFile, resolvePlace } = await import("../lazy/install.ts");
  const place = () => {
    try {
      return resolvePlace(ctx.world.env, ctx.world.platform);
    } catch (cause) {
      throw withOwnHint(cause);
    }
  };
  const isProject = client.projectFile !== undefined;
  const path = isProject ? join(project.folder, client.projectFile(server)) : client.userFile?.(place());
  const key = client.key === "variable" ? "variable" : "text";
  if (path === undefined) {
    const command = `mcp-keys export --for ${choice.client} --url ${shellQuote(server.url)}`;
    return { next: `see what ${client.title} needs`, key, command };
  }
  const edit = (dryRun: boolean) =>
    editFile(path, {
      edit: (before) =>
        editConfig(before, client.entries(server), { syntax: client.syntax, force: false, source: path }),
      uid: ctx.world.uid,
      dryRun,
      onOpen: (sink) => ctx.atEnd(() => sink.discard()),
      ...(isProject && { within: resolve(project.folder), isPublic: key === "variable" }),
    });
  const { changed } = await edit(true).catch((error: unknown) => {
    throw withOwnHint(error);
  });
  return {
    step: {
      ...{ step: "client", file: path, about: `the server ${server.serverName} for ${client.title}`, exists: !changed },
      async run() {
        const { backup } = await edit(false);
        return backup === null ? [] : [`the file as it was is in ${relative(".", backup)}`];
      },
    },
    next: keyStep(client, server.envName),
    key,
  };
}

/** `init` has neither --force nor --install. */
function withOwnHint(error: unknown): unknown {
  if (!(error instanceof KeysError) || !/--(force|install)/.test(error.hint)) return error;
  const hint =
    error.code === "OUTPUT_EXISTS"
      ? "choose another name with --server-name <name>; nothing was changed"
      : "leave the client out with --client none; nothing was changed";
  return new KeysError(error.code, error.message, { hint, cause: error });
}

/** Returns the name of the project as one that every client accepts, if possible. */
function nameOf({ name }: ServerProject): string | undefined {
  const plain = name.replace(/[^A-Za-z0-9_-]+/g, "-").replace(/^[^A-Za-z0-9]+|-+$/g, "");
  return plain === "" ? undefined : plain.slice(0, 64);
}
