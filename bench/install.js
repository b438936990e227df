/** Measures an installation from the tarball. Goals: 12 packages, 2 MB without the keychain binary. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { printTable } from "./figures.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const dir = mkdtempSync(join(tmpdir(), "mcp-keys-install-"));
const npm = (args, cwd) => execFileSync("npm", args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
const [{ filename, size }] = JSON.parse(npm(["pack", "--json", "--ignore-scripts", "--pack-destination", dir], root));
writeFileSync(join(dir, "package.json"), "{}");
npm(["install", "--ignore-scripts", join(dir, filename)], dir);
const files = readdirSync(join(dir, "node_modules"), { recursive: true, withFileTypes: true }).filter((each) =>
  each.isFile(),
);
const packages = files.filter(
  ({ name, parentPath }) => name === "package.json" && /node_modules\/(@[^/]+\/)?[^/]+$/.test(parentPath),
);
const bytes = files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
printTable(
  "Installed tarball",
  ["packages", "installed kB", "packed kB", "files"],
  [[packages.length, Math.round(bytes / 1000), Math.round(size / 1000), files.length]],
);
rmSync(dir, { recursive: true });
