import type { FileHandle } from "node:fs/promises";
import { realDisk } from "../../src/stores/journal/disk/disk.ts";
import type { Disk } from "../../src/stores/journal/disk/disk.ts";

/** Returns a disk that fails before or after its `n`th change and counts the changes. */
export function crashingDisk(n: number, when: "before" | "after") {
  const state = { steps: 0, dead: false };
  const step = async <T>(act: () => Promise<T>): Promise<T> => {
    if (state.dead) throw new Error("crash");
    if (++state.steps === n) {
      state.dead = true;
      if (when === "after") await act();
      throw new Error("crash");
    }
    return act();
  };
  const changing = new Set(["write", "appendFile", "writeFile", "sync"]);
  const disk: Partial<Disk> = {
    open: (async (path: string, flags: number, mode: number) => {
      const handle: FileHandle = await realDisk.open(path, flags, mode);
      return new Proxy(handle, {
        get: (target, name) => {
          const value: unknown = Reflect.get(target, name);
          if (typeof value !== "function") return value;
          const call = value.bind(target) as (...args: unknown[]) => Promise<unknown>;
          return changing.has(String(name)) ? (...args: unknown[]) => step(() => call(...args)) : call;
        },
      });
    }) as Disk["open"],
    rename: (from, to) => step(() => realDisk.rename(from, to)),
    unlink: (path) => step(() => realDisk.unlink(path)),
    link: (from, to) => step(() => realDisk.link(from, to)),
  };
  return { disk, state };
}
