import { isEpoch } from "../../../core/duration.ts";
import type { Epoch, KeyId } from "../../../core/key.ts";
import { isCount, isObject } from "../../../core/type-guards.ts";
import { isServerName, UNNAMED } from "../../../core/usage.ts";
import { Uses } from "../../uses.ts";

type Entry = [id: KeyId, n: number, at: Epoch];

/** Returns the content of a file with last-used times: see `docs/journal.md`. */
export function formatUses(uses: Uses): string {
  const { reports, publishedAt } = uses.usage(false);
  const servers = new Map<string, Entry[]>();
  for (const { id, n, at, server } of uses) {
    const entries = servers.get(server) ?? [];
    entries.push([id, n, at]);
    servers.set(server, entries);
  }
  const unnamed = servers.get(UNNAMED) ?? [];
  servers.delete(UNNAMED);
  return `${JSON.stringify({
    v: 1,
    uses: unnamed,
    ...(servers.size > 0 && { servers: Object.fromEntries(servers) }),
    ...(reports.length > 0 && { reports: reports.map(({ server, at }) => [server, at]) }),
    ...(publishedAt !== null && { published: publishedAt }),
  })}\n`;
}

/** Reads what {@link formatUses} wrote, and files without server names. Ignores what is malformed. */
export function parseUses(text: string): Uses {
  const uses = new Uses();
  const content = parseJson(text);
  if (!isObject(content)) return uses;
  const { servers, reports, published } = content;
  addEntries(uses, UNNAMED, content["uses"]);
  if (isObject(servers)) {
    for (const [server, entries] of Object.entries(servers))
      if (isServerName(server)) addEntries(uses, server, entries);
  }
  for (const report of Array.isArray(reports) ? (reports as unknown[]) : []) {
    const [server, at] = Array.isArray(report) ? (report as unknown[]) : [];
    if (isServerName(server) && isEpoch(at)) uses.addNews({ reports: [{ server, at }] });
  }
  if (isEpoch(published)) uses.addNews({ publishedAt: published });
  return uses;
}

function addEntries(uses: Uses, server: string, entries: unknown): void {
  if (!Array.isArray(entries)) return;
  for (const [id, n, at] of entries.filter(isEntry)) uses.add({ id, n, at, server });
}

function isEntry(value: unknown): value is Entry {
  if (!Array.isArray(value) || value.length !== 3) return false;
  const [id, n, at] = value as unknown[];
  return typeof id === "string" && isCount(n) && isEpoch(at);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
