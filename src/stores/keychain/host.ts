import { existsSync } from "node:fs";
import { platform, release } from "node:os";
import type { StoreWorld } from "../store.ts";

/** The kind of machine and session, which decides the hint. */
export type Host = "macos" | "macos-ssh" | "windows" | "wsl" | "container" | "ssh" | "desktop" | "headless";

interface HostSignals {
  readonly platform: string;
  readonly release: string;
  readonly env: StoreWorld["env"];
  readonly isContainer: boolean;
}

/** Classifies a host. WSL and containers come before SSH: they decide which keychain exists, SSH only whether a prompt can be shown. */
export function hostOf({ platform: system, release: kernel, env, isContainer }: HostSignals): Host {
  const has = (name: string) => (env[name] ?? "") !== "";
  const remote = has("SSH_CONNECTION") || has("SSH_TTY");
  if (system === "win32") return "windows";
  if (system === "darwin") return remote ? "macos-ssh" : "macos";
  if (has("WSL_DISTRO_NAME") || has("WSL_INTEROP") || /microsoft/i.test(kernel)) return "wsl";
  if (isContainer || has("KUBERNETES_SERVICE_HOST") || has("container")) return "container";
  if (remote) return "ssh";
  return has("DISPLAY") || has("WAYLAND_DISPLAY") ? "desktop" : "headless";
}

/** Classifies this host. */
export function thisHost(env: StoreWorld["env"]): Host {
  const isContainer = existsSync("/.dockerenv") || existsSync("/run/.containerenv");
  return hostOf({ platform: platform(), release: release(), env, isContainer });
}
