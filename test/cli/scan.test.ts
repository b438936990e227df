import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createCli } from "./fake-world.ts";

/** Creates a CLI, a valid token and an empty folder to scan. */
async function prepare() {
  const { cli, dir } = createCli();
  const token = (await cli("generate ci")).stdout.trim();
  const folder = join(dir, "project");
  mkdirSync(folder);
  const write = (name: string, content: string | Buffer = `first\nkey=${token}\n`): void => {
    mkdirSync(join(folder, name, ".."), { recursive: true });
    writeFileSync(join(folder, name), content);
  };
  const scan = async (...flags: string[]) => {
    const ran = await cli(["scan", folder, ...flags]);
    expect(JSON.stringify(ran)).not.toContain(token.slice(17, 40));
    return ran;
  };
  const places = async (...flags: string[]): Promise<Record<string, unknown>[]> =>
    JSON.parse((await scan("--json", ...flags)).stdout).findings.flatMap((each: { places: object[] }) => each.places);
  const env = { PATH: process.env["PATH"], HOME: dir, GIT_CONFIG_NOSYSTEM: "1" };
  const git = (...args: string[]): string =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b", ...args], {
      cwd: folder,
      env,
      stdio: "pipe",
    }).toString();
  const commit = (message = "c"): string => {
    git("add", "-A");
    git("commit", "-q", "-m", message);
    return git("rev-parse", "HEAD").trim();
  };
  return { cli, token, id: token.slice(4, 16), folder, write, scan, places, git, commit };
}

describe("files", () => {
  test("names the file, the line, the key and how to revoke it, and exits with 4", async () => {
    const { write, scan, folder, id } = await prepare();
    write("src/config.js");
    expect(await scan()).toEqual({
      status: 4,
      stdout: `mcp_${id}_…  valid: ci (${id}), version 1\n  ${folder}/src/config.js:2\n  fix: mcp-keys revoke ci --version 1 --reason compromised\n`,
      stderr: "scanned 1 file and 0 objects of git: 1 token found\n",
    });
  });

  test("exits with 0 for no token, and for one that was revoked or has expired", async () => {
    const { cli, write, scan } = await prepare();
    expect(await scan()).toMatchObject({ status: 0, stdout: "" });
    write("a.txt");
    await cli("rotate ci --overlap 0s");
    expect(await scan()).toMatchObject({ status: 0, stdout: expect.stringMatching(/expired: ci .*version 1/) });
    await cli("revoke ci --yes");
    expect(await scan()).toMatchObject({ status: 0, stdout: expect.stringMatching(/revoked: ci /) });
  });

  test("exits with 4 for a disabled key, and for a token that the store does not know, unless it is ignored", async () => {
    const { cli, write, scan, id, folder } = await prepare();
    write("a.txt");
    await cli("disable ci");
    expect(await scan()).toMatchObject({ status: 4, stdout: expect.stringContaining("disabled: ci") });
    expect(await scan("--store", "memory:")).toMatchObject({ status: 4, stdout: expect.stringContaining("unknown") });
    expect(await scan("--ignore", id)).toMatchObject({ status: 0, stdout: "" });
    expect((await cli(["scan", folder, "--ignore", "x"])).status).toBe(2);
  });

  test("reports what was found before it fails, if the store cannot be read", async () => {
    const { write, scan, folder } = await prepare();
    write("a.txt");
    const ran = await scan("--store", `keyset:${folder}/none.json`);
    expect(ran).toMatchObject({ status: 6, stdout: expect.stringContaining("unchecked") });
    expect(ran.stderr).toContain("error: ");
  });

  test("follows no link, opens no pipe, skips .git and node_modules, and escapes names", async () => {
    const { token, write, places, folder } = await prepare();
    write("node_modules/x.js");
    write(".git/x");
    symlinkSync(folder, join(folder, "loop"));
    execFileSync("mkfifo", [join(folder, "pipe")]);
    write("a\n\u001b[31m\u202e.txt");
    write(`${token}.txt`, "");
    write("wide.txt", Buffer.from(`\ufeffa\r\n${token}`, "utf16le"));
    expect(
      (await places("--no-history")).map(({ path, line }) => [String(path).slice(folder.length), line]).sort(),
    ).toEqual(
      [
        ["/[secret].txt", 0],
        [String.raw`/a\u{a}\u{1b}[31m\u{202e}.txt`, 2],
        ["/wide.txt", 2],
      ].sort(),
    );
    expect(await places("--no-history", join(folder, "node_modules"))).toHaveLength(4);
  });

  test("exits with 6 if it could not read everything, with 4 if a token works", async () => {
    const { cli, folder, write } = await prepare();
    execFileSync("mkfifo", [join(folder, "pipe")]);
    const ran = await cli(["scan", join(folder, "pipe"), "--json", "--no-history"]);
    expect(ran.status).toBe(6);
    expect(JSON.parse(ran.stdout)).toMatchObject({ ok: false, unread: [{ reason: "is neither a file nor a folder" }] });
    expect(ran.stderr).toContain('"code":"SCAN_INCOMPLETE"');
    write("a.txt");
    expect(await cli(["scan", join(folder, "pipe"), join(folder, "a.txt"), "--no-history"])).toMatchObject({
      status: 4,
    });
    expect(await cli(["scan", join(folder, "missing")])).toMatchObject({ status: 2, stdout: "" });
  });
});

describe("git history", { timeout: 60_000 }, () => {
  test("finds removed tokens, in every branch, in binary files, messages and tags, with the oldest commit", async () => {
    const { token, write, places, git, commit, folder } = await prepare();
    git("init", "-q", "-b", "main");
    write("a.txt", "nothing\n");
    commit();
    write("secret.json", `{\n"key": "${token}"}`);
    const first = commit();
    write("secret.json", `{\n\n"key": "${token}"}`);
    commit();
    rmSync(join(folder, "secret.json"));
    const message = commit(`remove ${token}`);
    git("checkout", "-q", "-b", "side");
    write("wide name.bin", Buffer.from(`\ufeff${token}`, "utf16le"));
    const side = commit();
    git("tag", "-a", "v1", "-m", `tag ${token}`);
    git("checkout", "-q", "main");
    const tag = git("rev-parse", "v1").trim();
    const by = (a: object, b: object) => JSON.stringify(a).localeCompare(JSON.stringify(b));
    expect((await places()).sort(by)).toEqual(
      [
        { path: "secret.json", line: 2, commit: first },
        { path: null, line: expect.any(Number), commit: message },
        { path: "wide name.bin", line: 1, commit: side },
        { path: null, line: expect.any(Number), commit: tag },
      ].sort(by),
    );
    expect(await places("--no-history")).toEqual([]);
  });

  test("is limited to a path, and runs no program that the repository names", async () => {
    const { cli, write, git, commit, folder } = await prepare();
    git("init", "-q", "-b", "main");
    write("in/a.txt");
    write("out/b.txt");
    const signature = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n -----END PGP SIGNATURE-----";
    const signed = git("cat-file", "commit", commit()).replace("\n\n", `\n${signature}\n\n`);
    writeFileSync(join(folder, ".git/signed"), signed);
    const at = git("hash-object", "-t", "commit", "-w", ".git/signed").trim();
    git("update-ref", "HEAD", at);
    writeFileSync(join(folder, ".git/program"), `#!/bin/sh\ntouch '${folder}/ran'\n`, { mode: 0o755 });
    for (const [name, value] of [
      ["core.fsmonitor", ".git/program"],
      ["gpg.program", join(folder, ".git/program")],
      ["log.showSignature", "true"],
      ["log.showRoot", "false"],
    ] as const) {
      git("config", name, value);
    }
    const { findings } = JSON.parse((await cli(["scan", join(folder, "in"), "--json"])).stdout);
    expect(findings[0].places).toEqual([
      { path: `${folder}/in/a.txt`, line: 2 },
      { path: "in/a.txt", line: 2, commit: at },
    ]);
    const one = JSON.parse((await cli(["scan", join(folder, "out/b.txt"), "--json"])).stdout);
    expect(one.findings[0].places[1]).toEqual({ path: "out/b.txt", line: 2, commit: at });
    expect((await cli(["scan", join(folder, "ran")])).status).toBe(2);
  });

  test("finds what a merged branch removed again, and what a merge added", async () => {
    const { cli, token, write, git, commit, folder } = await prepare();
    git("init", "-q", "-b", "main");
    write("in/a.txt", "a");
    commit();
    git("checkout", "-q", "-b", "gone");
    write("in/gone.txt");
    const gone = commit();
    rmSync(join(folder, "in/gone.txt"));
    commit();
    git("checkout", "-q", "main");
    git("merge", "-q", "--no-ff", "gone");
    git("checkout", "-q", "-b", "side");
    write("b.txt", "b");
    commit();
    git("checkout", "-q", "main");
    git("merge", "-q", "--no-ff", "--no-commit", "side");
    write("in/merged.txt", `first\nother=${token}\n`);
    const merged = commit();
    rmSync(join(folder, "in/merged.txt"));
    commit();
    git("branch", "-D", "gone");
    for (const path of [folder, join(folder, "in")]) {
      const { findings } = JSON.parse((await cli(["scan", path, "--json"])).stdout);
      expect(findings[0].places).toEqual(
        expect.arrayContaining([
          { path: "in/gone.txt", line: 2, commit: gone },
          { path: "in/merged.txt", line: 2, commit: merged },
        ]),
      );
    }
  });

  test("reports what it found in the commits that it could read, and what is missing", async () => {
    const { cli, write, scan, places, git, commit, folder } = await prepare();
    git("init", "-q", "-b", "main");
    write("a.txt", randomBytes(10_000));
    commit();
    const first = git("rev-parse", "HEAD:a.txt").trim();
    const damaged = join(folder, ".git/objects", first.slice(0, 2), first.slice(2));
    rmSync(join(folder, "a.txt"));
    write("b.txt");
    commit();
    rmSync(join(folder, "b.txt"));
    commit();
    const content = readFileSync(damaged);
    rmSync(damaged);
    expect(await scan("--json")).toMatchObject({ status: 4, stdout: expect.stringContaining("1 object missing") });
    writeFileSync(damaged, content.subarray(0, 1_000));
    expect((await places()).map(({ path }) => path)).toEqual(["b.txt"]);
    await cli("revoke ci --yes");
    expect(await scan("--json")).toMatchObject({ status: 6, stdout: expect.stringContaining('"ok":false') });
  });

  test("says that it is incomplete in a damaged repository, and warns of a shallow clone", async () => {
    const { scan, write, git, commit, folder } = await prepare();
    git("init", "-q", "-b", "main");
    write("a.txt", "a");
    commit();
    write("a.txt", "b");
    commit();
    writeFileSync(join(folder, ".git/shallow"), git("rev-parse", "HEAD"));
    expect(await scan()).toMatchObject({ status: 0, stderr: expect.stringContaining("is a shallow clone") });
    rmSync(join(folder, ".git/objects"), { recursive: true });
    mkdirSync(join(folder, ".git/objects"));
    expect(await scan()).toMatchObject({ status: 6, stderr: expect.stringContaining("error: the scan is incomplete") });
  });
});
