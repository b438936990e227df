import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach } from "vitest";

/** A new folder for each test of the file: `folder.path`. */
export function freshFolder(): { path: string } {
  const folder = { path: "" };
  beforeEach(async () => {
    folder.path = await mkdtemp(join(tmpdir(), "mcp-keys-sinks-"));
  });
  afterEach(() => rm(folder.path, { recursive: true, force: true }));
  return folder;
}
