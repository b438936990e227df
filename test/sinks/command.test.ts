import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { open, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { deliverThroughCmd, openCommandSink, type CommandOptions } from "../../src/sinks/command.ts";
import { startProcess } from "../../src/process/start-process.ts";
import { DELIVERY, firstWord, parseReport } from "../../src/sinks/shell-script.ts";
import { freshFolder } from "./folder.ts";

const run = promisify(execFile);
const TOKEN = "mcp_7Fq2x9Lm0aBc_secret";
const folder = freshFolder();
const at = (name: string): string => join(folder.path, name);

interface Outcome {
  readonly error: unknown;
  /** The output of the command, from both streams. */
  readonly printed: string;
}

/** Opens a sink and delivers to it. The command finds the fresh folder in `$D`. */
async function deliver(command: string, options: Partial<CommandOptions> = {}, text = TOKEN): Promise<Outcome> {
  const printed = await open(at("printed"), "a+");
  // Without SHLVL, bash takes a socket on its stdin for a remote login and reads the user's profile.
  const env = { PATH: process.env["PATH"], D: folder.path, SHLVL: "1" };
  const signal = new AbortController().signal;
  try {
    const sink = await openCommandSink(command, {
      env,
      signal,
      terminal: false,
      grace: 0,
      stderr: printed.fd,
      ...options,
    });
    const error = await sink.deliver(text).then(
      () => null,
      (reason: unknown) => reason,
    );
    return { error, printed: await readFile(at("printed"), "utf8") };
  } finally {
    await printed.close();
  }
}

const failed = (message: RegExp) => ({ code: "DELIVERY_FAILED", message: expect.stringMatching(message) });
const uncertain = (message: RegExp) => ({ code: "DELIVERY_UNCERTAIN", message: expect.stringMatching(message) });

describe("the input of the command", () => {
  test("is the text on stdin; the token is in no argument or variable", async (ctx) => {
    if (!existsSync("/proc/self/environ")) ctx.skip("needs /proc");
    // The arguments and environment of the command and of every process between it and us.
    const looks = `tr '\\0' '\\n' </proc/self/environ; p=$$; while [ "$p" -gt 1 ]; do
      tr '\\0' ' ' </proc/$p/cmdline; tr '\\0' '\\n' </proc/$p/environ; p=$(cut -d' ' -f4 /proc/$p/stat); done`;
    const { error, printed } = await deliver(`cat >"$D/got"; ${looks}; env; set`);

    expect(error).toBeNull();
    expect(await readFile(at("got"), "utf8")).toBe(TOKEN);
    expect(printed).toContain(`D=${folder.path}`);
    expect(printed).not.toContain("secret");
    expect((await readdir(folder.path)).sort()).toEqual(["got", "printed"]);
  });

  test("is a real pipe that can be opened by name", async () => {
    expect((await deliver(`cp /dev/stdin "$D/got"`)).error).toBeNull();
    expect(await readFile(at("got"), "utf8")).toBe(TOKEN);
  });

  test.each([
    ["non-ASCII bytes", "ключ-🔑\n"],
    ["several lines", "a\nb\n\n"],
    ["as much as a pipe holds on any system", "x".repeat(8192)],
  ])("is exact for %s", async (_, text) => {
    expect((await deliver(`cat >"$D/got"`, {}, text)).error).toBeNull();
    expect(await readFile(at("got"), "utf8")).toBe(text);
  });

  test("is refused if it is longer than a pipe holds on every system", async () => {
    expect((await deliver(`touch "$D/ran"; cat`, {}, "x".repeat(8193))).error).toMatchObject(
      failed(/longer than 8192/),
    );
    expect(existsSync(at("ran"))).toBe(false);
  });

  test("may have any length if it is public", async () => {
    const text = "keyset ".repeat(200_000);
    const outcome = await deliver(`cat >"$D/got"`, { input: "keyset" }, text);
    expect(outcome.error).toBeNull();
    expect(await readFile(at("got"), "utf8")).toBe(text);
    for (const [command, error] of [
      ["true", failed(/without reading/)],
      ["exec <&-; sleep 0.2", failed(/without reading/)],
      ["head -c 100000 >/dev/null", uncertain(/read only part/)],
      ["cat >/dev/null; exit 3", uncertain(/exit status 3$/)],
    ] as const) {
      expect((await deliver(command, { input: "keyset" }, text)).error).toMatchObject(error);
    }
    const aborted = await deliver("cat", { input: "keyset", signal: AbortSignal.abort() }, text);
    expect(aborted.error).toMatchObject(failed(/interrupted before/));
  });

  test("does not include the descriptor its shell uses to report to us", async () => {
    expect(await deliver(`cat >/dev/null; echo 0 0 >&3`)).toMatchObject({
      error: uncertain(/exit status 2|exit status 1/),
    });
  });

  test("does not start the command if we die before the whole text is written", async () => {
    const command = `touch '${at("ran")}'; cat >'${at("got")}'`;
    for (const go of ["", "go\n"]) {
      const child = spawn("sh", ["-c", DELIVERY, "sh", command, ""], { stdio: ["pipe", "ignore", "ignore", "pipe"] });
      child.stdin!.end(go === "" ? "" : TOKEN);
      (child.stdio[3] as Duplex).end(go).resume();
      await once(child, "close");
      expect(existsSync(at("ran"))).toBe(go !== "");
    }
  });
});

describe("the result", () => {
  const ENDS: [command: string, error: object | null][] = [
    ["cat", null],
    ["read -r line; echo $line", null],
    ["dd bs=1 2>/dev/null", null],
    ["cat | (exit 0)", null],
    ["for i in 1 2; do cat; done", null],
    ["if true; then cat; fi", null],
    ["FOO=bar cat", null],
    ["true", failed(/^the command ended without reading the token$/)],
    ["cat </dev/null", failed(/^the command ended without reading/)],
    ["exit 3", failed(/^the command failed with exit status 3 without reading/)],
    ["A=1 no-such-command", failed(/exit status 127 \(not found\) without/)],
    ["true; /dev/null", failed(/exit status 126 \(not executable\) without/)],
    ["kill -9 $$", failed(/exit status 137 without/)],
    ["head -c 3", uncertain(/read only part/)],
    ["cat; exit 3", uncertain(/^the command failed with exit status 3$/)],
    ["cat; no-such-command", uncertain(/exit status 127 \(not found\)$/)],
    ["cat; kill -9 $PPID", uncertain(/the shell ended before/)],
  ];

  test.each(ENDS)("%s", async (command, error) => {
    const outcome = await deliver(command);
    if (error === null) expect(outcome.error).toBeNull();
    else expect(outcome.error).toMatchObject(error);
    expect(JSON.stringify(outcome.error)).not.toContain(TOKEN);
  });

  test.for(["dash", "bash", "zsh"])("is the same in %s", async (shell, ctx) => {
    if (!(await run("sh", ["-c", `command -v ${shell}`]).catch(() => null))) ctx.skip(`needs ${shell}`);
    for (const [command, error] of ENDS.filter((_, i) => [0, 1, 7, 9, 13, 14].includes(i))) {
      const outcome = await deliver(command, { shell });
      if (error === null) expect(outcome.error).toBeNull();
      else expect(outcome.error).toMatchObject(error);
    }
  });

  test("sends both output streams to the given descriptor", async () => {
    expect((await deliver(`cat >/dev/null; echo out; echo err >&2`)).printed).toBe("out\nerr\n");
  });

  test("is a failure if the shell has no cat, although the command saw the end of its input", async () => {
    await writeFile(at("cat"), "#!/bin/sh\nexit 1\n", { mode: 0o755 });
    const PATH = `${folder.path}:${process.env["PATH"]}`;
    const { error } = await deliver("wc -c", { env: { PATH } });
    expect(error).toMatchObject({ code: "DELIVERY_UNCERTAIN" });
  });
});

describe("before the delivery", () => {
  test.each([
    ["", { code: "USAGE" }],
    [" \n", { code: "USAGE" }],
    ["echo 'open", failed(/cannot parse/)],
    ["if true", failed(/cannot parse/)],
    ["no-such-command --body -", failed(/^the shell cannot find the command no-such-command$/)],
    ["./no-such-script", failed(/^the shell cannot find the command \.\/no-such-script$/)],
    ["no-such-command|cat", failed(/no-such-command$/)],
    ["a\0b", failed(/cannot run sh/)],
  ])("refuses %j", async (command, error) => {
    await expect(deliver(command)).rejects.toMatchObject(error);
  });

  test("names a missing shell", async () => {
    await expect(deliver("cat", { shell: "/no/such/sh" })).rejects.toMatchObject(failed(/^cannot run \/no\/such\/sh$/));
  });

  test("does not run the command", async () => {
    const env = { PATH: process.env["PATH"], D: folder.path };
    const options = { env, signal: new AbortController().signal, terminal: false, grace: 0 };
    const sink = await openCommandSink(`touch "$D/ran"; cat`, options);
    await sink.discard();
    expect(existsSync(at("ran"))).toBe(false);
  });

  test.each([
    ["gh secret set X", "gh"],
    [" ./deploy.sh", "./deploy.sh"],
    ["cat>file", ""],
    ["cat|wc", "cat"],
    ["cat;wc", "cat"],
    ["2>/dev/null cat", ""],
    ["A=1 cat", ""],
    ["A+=1 cat", ""],
    ["f() { cat; }; f", ""],
    ["f () { cat; }; f", ""],
    ["$TOOL x", ""],
    ["~/bin/x", ""],
    ['"/my tools/x"', ""],
    ["(cat)", ""],
    ["{ cat; }", ""],
    ["! cat", ""],
    ["-x", ""],
  ])("%j needs the program %j", (command, word) => {
    expect(firstWord(command)).toBe(word);
  });

  test.each(["", "0", "0 ", "a 0", "cat\n0 0", "0 0 0", "-1 0"])("%j is not a report", (text) => {
    expect(parseReport(text)).toBeNull();
  });
});

describe("interrupted", () => {
  /** Starts a process and resolves with the line it writes to `$D/pipe` once it is running. */
  async function whenRunning<T>(start: () => T): Promise<{ started: T; said: string }> {
    await run("mkfifo", [at("pipe")]);
    const said = readFile(at("pipe"), "utf8");
    const started = start();
    return { started, said: await said };
  }

  /** A zombie counts as ended, because reaping it is up to its parent. */
  function isAlive(pid: number): boolean {
    try {
      process.kill(pid, 0);
      return !existsSync("/proc/self") || !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
    } catch {
      return false;
    }
  }

  test("ends the command and every process it started before it reports the failure", async () => {
    const controller = new AbortController();
    const command = `cat >/dev/null; sleep 60 & echo "$$ $!" >"$D/pipe"; wait`;
    const { started, said } = await whenRunning(() => deliver(command, { signal: controller.signal }));
    const pids = said.split(" ").map(Number);
    expect(pids.map(isAlive)).toEqual([true, true]);

    controller.abort();

    expect((await started).error).toMatchObject(uncertain(/interrupted/));
    expect(pids.map(isAlive)).toEqual([false, false]);
  });

  test("interrupts a command that has not read its stdin", async () => {
    const controller = new AbortController();
    const { started } = await whenRunning(() =>
      deliver(`echo >"$D/pipe"; exec sleep 60`, { signal: controller.signal }),
    );
    controller.abort();
    // Uncertain if the token was still on its way to the command; the safe side.
    expect((await started).error).toMatchObject({
      code: expect.stringMatching(/^DELIVERY_(FAILED|UNCERTAIN)$/),
      message: expect.stringContaining("was interrupted"),
    });
  });

  test("kills a process group that ignores the first signal", async () => {
    const command = `trap "" TERM; echo >"$0/pipe"; while :; do sleep 60; done`;
    const { started: child } = await whenRunning(() =>
      startProcess("sh", ["-c", command, folder.path], { env: process.env, ownGroup: true, stdio: "ignore" }),
    );
    await child.end(100);
    expect(await child.exited).toEqual({ code: null, signal: "SIGKILL" });
    await child.end(100); // an empty group is no error
  });

  test("runs nothing if it is interrupted before the start", async () => {
    const { error } = await deliver(`touch "$D/ran"; cat`, { signal: AbortSignal.abort() });
    expect(error).toMatchObject(failed(/interrupted before/));
    expect(existsSync(at("ran"))).toBe(false);
  });

  test("reports a delivery as uncertain if the token may have arrived just after the start", async () => {
    for (let i = 0; i < 6; i++) {
      const controller = new AbortController();
      await rm(at("got"), { force: true });
      setTimeout(() => controller.abort(), i * 2);
      const { error } = await deliver(`cat >"$D/got"; sleep 60`, { signal: controller.signal });
      const got = existsSync(at("got")) ? await readFile(at("got"), "utf8") : "";
      if (got !== "") expect(error).toMatchObject({ code: "DELIVERY_UNCERTAIN" });
      else expect(error).toMatchObject({ code: expect.stringMatching(/^DELIVERY_/) });
    }
  });
});

test("the command stays in our process group at a terminal and gets its own otherwise", async (ctx) => {
  if (!existsSync("/proc/self/stat")) ctx.skip("needs /proc");
  const ours = readFileSync("/proc/self/stat", "utf8").split(" ")[4];
  for (const terminal of [true, false]) {
    const { printed } = await deliver(`cat >/dev/null; cut -d" " -f5 /proc/self/stat`, { terminal });
    expect(printed.trim().split("\n").at(-1) === ours).toBe(terminal);
  }
});

describe("without a POSIX shell", () => {
  const options = (signal = new AbortController().signal) => ({
    env: { PATH: process.env["PATH"], D: folder.path },
    signal,
    grace: 0,
    stderr: 2,
  });

  test("passes the text on stdin", async () => {
    await deliverThroughCmd(TOKEN, `cat >"$D/got"`, options());
    expect(await readFile(at("got"), "utf8")).toBe(TOKEN);
  });

  test("reports every failure as uncertain", async () => {
    await expect(deliverThroughCmd(TOKEN, "exit 3", options())).rejects.toMatchObject(uncertain(/exit status 3$/));
  });

  test("reports a command that closes its stdin as not having read the token", async () => {
    const long = "x".repeat(1_000_000); // more than any pipe holds
    await expect(deliverThroughCmd(long, "exec <&-; exit 0", options())).rejects.toMatchObject(uncertain(/not read/));
  });

  test("fails if interrupted before the start, and is uncertain if interrupted later", async () => {
    await expect(deliverThroughCmd(TOKEN, "cat", options(AbortSignal.abort()))).rejects.toMatchObject(failed(/before/));
    const controller = new AbortController();
    const delivery = deliverThroughCmd(TOKEN, "cat >/dev/null; exec sleep 60", options(controller.signal));
    setTimeout(() => controller.abort(), 20);
    await expect(delivery).rejects.toMatchObject(uncertain(/interrupted/));
  });
});
