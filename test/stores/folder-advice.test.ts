import { expect, test } from "vitest";
import { closeFolder } from "../../src/stores/folder-advice.ts";

const journal = { path: "/any/keys.jsonl", exists: false };
const advise = (path: string, folder: { uid: number; mode: number }, uid: number): string =>
  closeFolder(path, folder, { uid }, "go-w", journal);

test.each([
  ...["/", "/tmp", "/var", "/home", "/Users", "/srv", "/opt", "/data", "/mnt", "/root"],
  ...[
    "/var/tmp",
    "/var/lib",
    "/var/run",
    "/run/user",
    "/dev/shm",
    "/etc/ssl",
    "/usr/local/share",
    "/usr/lib/node_modules",
  ],
  ...["/private/tmp", "/private/var/folders", "/System/Volumes/Data", "/Library/Preferences", "/proc/self"],
])("never advises to change %s, not even to root, who owns it", (path) => {
  for (const mode of [0o777, 0o1777, 0o775])
    expect(advise(path, { uid: 0, mode }, 0)).not.toMatch(/chmod|chown|\brm\b/);
});

test("never advises to change a folder that is sticky, shared with a group, or not the user's", () => {
  const path = "/home/ada/keys";
  expect(advise(path, { uid: 1_000, mode: 0o777 }, 1_000)).toBe(`chmod go-w ${path}`);
  for (const folder of [
    { uid: 1_000, mode: 0o1777 },
    { uid: 1_000, mode: 0o2775 },
    { uid: 0, mode: 0o777 },
    { uid: 1_001, mode: 0o777 },
  ]) {
    expect(advise(path, folder, 1_000)).toBe("mkdir -p -m 700 ~/mcp-keys; then use --store file:~/mcp-keys/keys.jsonl");
  }
});

test("moves the journal with its sidecars if it exists", () => {
  const found = closeFolder("/tmp", { uid: 0, mode: 0o1777 }, { uid: 0 }, "go-w", {
    path: "/tmp/my keys",
    exists: true,
  });
  expect(found).toBe(
    "mkdir -p -m 700 ~/mcp-keys && mv '/tmp/my keys'* ~/mcp-keys/; then use --store file:~/mcp-keys/'my keys'",
  );
});
