/** Measures an installation from the tarball. Goal: 1.2 MB unpacked, without the optional keychain engine. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { printTable } from "./figures.js";
import { row } from "./rows.js";

const root = fileURLToPath(new URL("..", import.meta.url));

export function rows({ long }) {
  const dir = mkdtempSync(join(tmpdir(), "mcp-keys-install-"));
  const npm = (args, cwd) => execFileSync("npm", args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  try {
    const packed = npm(["pack", "--json", "--ignore-scripts", "--pack-destination", dir], root);
    const [{ filename, size }] = JSON.parse(packed);
    writeFileSync(join(dir, "package.json"), "{}");
    npm(["install", "--ignore-scripts", "--omit=optional", join(dir, filename)], dir);
    const { packages, bytes, files } = measure(join(dir, "node_modules"));
    if (long) {
      const figures = [packages, Math.round(bytes / 1000), Math.round(size / 1000), files];
      printTable("Installed tarball", ["packages", "installed kB", "packed kB", "files"], [figures]);
    }
    const what = "npm install, unpacked, without the optional keychain engine";
    return [row({ what, ours: bytes / 1e6, unit: "MB", goal: "<= 1.2" })];
  } finally {
    rmSync(dir, { recursive: true });
  }
}

function measure(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
  const packages = files.filter(
    ({ name, parentPath }) => name === "package.json" && /node_modules\/(@[^/]+\/)?[^/]+$/.test(parentPath),
  );
  const bytes = files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
  return { packages: packages.length, bytes, files: files.length };
}
