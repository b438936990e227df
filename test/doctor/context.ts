import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Config } from "../../src/config.ts";
import { createDiagnosticContext } from "../../src/doctor/context.ts";
import { diagnostics } from "../../src/doctor/index.ts";
import { runDiagnostics } from "../../src/doctor/run-diagnostics.ts";
import { createKeys } from "../../src/keys/keys.ts";
import type { Keys } from "../../src/keys/keys.ts";
import { systemRandom } from "../../src/world.ts";
import { openStore } from "../../src/stores/index.ts";
import { aFolder, aWorld } from "../stores/place.ts";

export const NOW = 1_800_000_000;
export const DAY = 86_400;

/** The differences from a machine without faults. */
export interface Conditions {
  readonly env?: Readonly<Record<string, string>>;
  readonly now?: number;
  readonly node?: string;
  readonly config?: Partial<Config>;
}

/** Creates a store in a new folder. `report` and `findings` run the diagnostics on it. */
export async function aPlace() {
  const folder = await aFolder();
  const path = join(folder, "keys.jsonl");
  const spec = `file:${path}`;

  async function withKeys<T>(
    work: (keys: Keys) => Promise<T>,
    peppers: Parameters<typeof createKeys>[0]["peppers"] = [],
  ) {
    const store = await openStore(spec, aWorld());
    try {
      return await work(createKeys({ store, now: () => NOW, by: "ada@laptop", random: systemRandom, peppers }));
    } finally {
      await store.close();
    }
  }

  async function report({ env = {}, now = NOW, node = "v20.17.0", config = {} }: Conditions = {}) {
    const chosen: Config = { store: spec, chosenBy: "flag", ...config };
    const world = aWorld(join(folder, "data"), env);
    const opened = openStore(chosen.store, world);
    opened.catch(() => undefined);
    onTestFinished(async () => (await opened.catch(() => null))?.close());
    return runDiagnostics(
      createDiagnosticContext({ world, config: chosen, node, now, openStore: () => opened }),
      diagnostics,
    );
  }

  /** Returns the findings of one diagnostic, each as `<status> <observed>`. */
  async function findings(id: keyof typeof diagnostics, conditions: Conditions = {}): Promise<string[]> {
    const { findings: found } = await report(conditions);
    return found.filter((each) => each.id === id).map(({ status, observed }) => `${status} ${observed}`);
  }
  return { folder, path, spec, withKeys, report, findings };
}

export type Place = Awaited<ReturnType<typeof aPlace>>;

/** Issues a key and returns its token. */
export async function aKey(place: Place, name = "ci", expiresIn: number | null = 90 * DAY): Promise<string> {
  const expiresAt = expiresIn === null ? null : NOW + expiresIn;
  return place.withKeys(async (keys) => (await keys.generate({ name, expiresAt })).token.reveal());
}
