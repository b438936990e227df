import childProcess from "node:child_process";
import fs from "node:fs";
import fsPromises from "node:fs/promises";
import http from "node:http";
import net from "node:net";

/**
 * Loaded into the CLI with `--require`: kills the process with SIGKILL right before its input or output call number `KILL_AT`. With
 * `CALLS_TO`, it writes the names of all calls to that file at the end. Loading the program itself does not count.
 */

type Method = (this: unknown, ...args: unknown[]) => unknown;

const { writeFileSync } = fs;
const killAt = Number(process.env["KILL_AT"] ?? 0);
const report = process.env["CALLS_TO"];
const calls: string[] = [];

function count(name: string): void {
  calls.push(name);
  if (calls.length === killAt) process.kill(process.pid, "SIGKILL");
}

/** Whether a call only loads the program or looks at processes. */
function isLoading(path: unknown): boolean {
  return typeof path === "string" && /[\\/](?:dist|bin|node_modules)[\\/]|^[\\/]proc[\\/]/.test(path);
}

function wrap(target: object, label: string, names: readonly string[]): void {
  const methods = target as Record<string, Method>;
  for (const name of names) {
    const original = methods[name];
    if (typeof original !== "function" || /^(?:[A-Z_]|constructor$)/.test(name)) continue;
    const wrapped: Method = function (...args) {
      if (!isLoading(args[0])) count(`${label}.${name}`);
      return original.apply(this, args);
    };
    methods[name] = Object.assign(wrapped, original);
  }
}

wrap(fs, "fs", Object.keys(fs));
wrap(fsPromises, "fs.promises", Object.keys(fsPromises));
wrap(childProcess, "child_process", ["spawn", "execFile", "execFileSync", "spawnSync"]);
wrap(net.Socket.prototype, "socket", ["connect", "write", "end", "destroy"]);
wrap(net.Server.prototype, "server", ["listen", "close"]);
wrap(http.ClientRequest.prototype, "request", ["write", "end"]);

// The class of file handles is not public, but every handle leads to it.
const { open } = fsPromises;
let isHandleWrapped = false;
fsPromises.open = async (...args) => {
  const handle = await open(...args);
  const prototype = Object.getPrototypeOf(handle) as object;
  const isMethod = (name: string) =>
    typeof Object.getOwnPropertyDescriptor(prototype, name)?.value === "function" && name !== "constructor";
  if (!isHandleWrapped) wrap(prototype, "handle", Object.getOwnPropertyNames(prototype).filter(isMethod));
  isHandleWrapped = true;
  return handle;
};

process.on("exit", () => {
  count("exit");
  if (report !== undefined) writeFileSync(report, calls.join("\n"));
});
