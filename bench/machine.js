/** Names the machine that figures come from. */
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, platform, release, totalmem } from "node:os";

export function describeMachine() {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown CPU",
    cores: availableParallelism(),
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    os: nameOfSystem(),
    node: process.versions.node,
    date: new Date().toISOString().slice(0, 10),
    /** Of the last minute, before the run: above 0.5, the machine was not quiet. */
    load: loadavg()[0].toFixed(2),
  };
}

function nameOfSystem() {
  try {
    const [, name] = /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync("/etc/os-release", "utf8")) ?? [];
    if (name !== undefined) return `${name}, kernel ${release()}`;
  } catch {
    // Not Linux.
  }
  return `${platform()} ${release()}`;
}
