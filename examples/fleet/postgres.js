// Starts a PostgreSQL of our own in a temporary folder, from the programs that are installed here.
import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

// Ends PostgreSQL and removes its folder when our process ends, however it ends: that closes the input of `cat`.
const SUPERVISE = '"$1" -D "$2" -p "$3" -k "$4" & cat >/dev/null; kill -INT $!; wait; rm -rf "$4"';

/** @returns the settings for programs that use it: the store without a password, and the password */
export async function startPostgres() {
  const bin = findPrograms();
  const user = notRoot();
  const folder = mkdtempSync(join(tmpdir(), "mcp-keys-fleet-"));
  const data = join(folder, "data");
  const password = randomBytes(18).toString("base64url");
  const passwordFile = join(folder, "password");
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (user !== undefined) for (const path of [folder, passwordFile]) chownSync(path, user.uid, user.gid);
  const auth = ["--username=mcp_keys", "--auth=scram-sha-256", `--pwfile=${passwordFile}`];
  execFileSync(join(bin, "initdb"), ["-D", data, "--no-sync", ...auth], { ...user, cwd: folder, stdio: "ignore" });
  rmSync(passwordFile);

  const port = await freePort();
  const args = [join(bin, "postgres"), data, String(port), folder];
  const server = spawn("sh", ["-c", SUPERVISE, "sh", ...args], {
    ...user,
    cwd: folder,
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  const env = { MCP_KEYS_STORE: `postgres://mcp_keys@127.0.0.1:${port}/postgres`, PGPASSWORD: password };
  await untilReady(bin, port);
  return {
    env,
    stop: () =>
      new Promise((resolve) => {
        server.once("exit", resolve);
        server.stdin.end();
      }),
  };
}

/** Debian keeps them outside PATH, one folder per version. */
function findPrograms() {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [...versions.map((version) => join(debian, version, "bin")), ...process.env.PATH.split(delimiter)];
  const found = folders.find((folder) => existsSync(join(folder, "initdb")) && existsSync(join(folder, "pg_isready")));
  if (found === undefined) throw new Error("install PostgreSQL 15 or later first");
  return found;
}

/** PostgreSQL refuses to run as root. */
function notRoot() {
  if (process.getuid() !== 0) return undefined;
  const id = (flag) => Number(execFileSync("id", [flag, "nobody"], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function untilReady(bin, port) {
  for (let look = 0; look < 300; look++) {
    try {
      execFileSync(join(bin, "pg_isready"), ["-h", "127.0.0.1", "-p", String(port)], { stdio: "ignore" });
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  throw new Error("PostgreSQL does not start");
}
