import type { Key } from "../../core/key.ts";
import type { Secret } from "../../core/secret.ts";
import { shellQuote } from "../../core/shell-quote.ts";
import { KeysError } from "../../errors.ts";
import type { Keys } from "../../keys/keys.ts";
import type { KeyStore } from "../../stores/store.ts";
import type { Lab, LabKey } from "../../probe/target/lab.ts";
import type { Context, World } from "../context.ts";

/** A lab whose canaries can be given up before the run ends. */
export interface OpenLab extends Lab {
  /**
   * Revokes every canary that is left. Called once the report is out, since what it throws says nothing about the server.
   * @throws {@link KeysError} of the store, when one of them could not be revoked; each was then named on stderr.
   */
  close(): Promise<void>;
}

/** Seconds a canary works if nobody comes to revoke it: a run that was killed leaves nothing behind for long. */
const LIFETIME = 3600;
/** Seconds the token before a rotation goes on working, which is longer than a check looks. */
const OVERLAP = 900;
/** How long the end of an interrupted run waits for the store. Milliseconds. */
const PATIENCE = 3000;

/** What of a {@link Context} a lab works with. */
type Bench = Pick<Context, "store" | "keys" | "io" | "atEnd"> & { readonly world: Pick<World, "now" | "random"> };

/**
 * Opens a lab over the store of this run. Its canaries may do what `key` may, where the store knows it, since a server may
 * ask for a scope. At the end of the run every canary is revoked, also after Ctrl-C and after a fault; one that cannot be
 * revoked is named on stderr, with the command that does it.
 * @throws {@link KeysError} `STORE_READ_ONLY`, and what the store throws
 */
export async function openLab(ctx: Bench, key: Secret): Promise<OpenLab> {
  const store = await ctx.store();
  if (store.readOnly) {
    throw new KeysError("STORE_READ_ONLY", `no keys can be made in ${store.spec} to test with`, {
      hint: "pass the store that the server follows, or leave --store out",
    });
  }
  const keys = await ctx.keys();
  const verdict = await keys.check(key.reveal());
  const lab = new KeysLab(ctx, keys, store, verdict.key ?? null);
  ctx.atEnd(() => lab.end(), PATIENCE + 200);
  return lab;
}

class KeysLab implements OpenLab {
  readonly #ctx: Bench;
  readonly #keys: Keys;
  readonly #store: KeyStore;
  readonly #model: Key | null;
  /** Names of canaries that may be in the store and are not known to be revoked. */
  readonly #alive = new Set<string>();
  readonly #making = new Set<Promise<unknown>>();
  readonly #named = new Set<string>();
  #closed = false;

  constructor(ctx: Bench, keys: Keys, store: KeyStore, model: Key | null) {
    this.#ctx = ctx;
    this.#keys = keys;
    this.#store = store;
    this.#model = model;
  }

  async knows(key: Secret): Promise<boolean> {
    const verdict = await this.#keys.check(key.reveal());
    return verdict.key !== undefined;
  }

  async mint(purpose: string, lifetime = LIFETIME): Promise<LabKey> {
    this.#check();
    const { now, random } = this.#ctx.world;
    const name = `mcp-keys-canary-${purpose}-${Buffer.from(random(5)).toString("hex")}`;
    const expiresAt = now() + lifetime;
    const { prefix, scopes, audience } = this.#model ?? {};
    // Before it is written: a write that failed may have arrived all the same.
    this.#alive.add(name);
    const making = this.#keys.generate({
      ...{ name, expiresAt, scopes, audience },
      ...(prefix !== undefined && { prefix }),
      note: "made by mcp-keys test to try a server, which revokes it when it is done",
      tags: { "made-by": "mcp-keys-test" },
    });
    this.#making.add(making);
    const { token } = await making.finally(() => this.#making.delete(making));
    return this.#keyOf(name, token, expiresAt);
  }

  #keyOf(name: string, token: Secret, expiresAt: number): LabKey {
    const change = async (make: () => Promise<unknown>): Promise<void> => {
      this.#check();
      await make();
    };
    return {
      ...{ name, token, expiresAt },
      disable: () => change(() => this.#keys.disable(name)),
      enable: () => change(() => this.#keys.enable(name)),
      revoke: () => change(() => this.#revoke(name)),
      rotate: async () => {
        let rotated: Secret | undefined;
        await change(() =>
          this.#keys.rotate(name, {
            ...{ overlap: OVERLAP, expiresAt },
            deliver: async (issued) => void (rotated = issued.token),
          }),
        );
        if (rotated === undefined) throw new KeysError("BUG", "a rotation delivered nothing");
        return rotated;
      },
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    // Whatever is being made has to be there before it can be revoked.
    await Promise.allSettled(this.#making);
    const faults: unknown[] = [];
    for (const name of [...this.#alive]) {
      await this.#revoke(name).catch((fault: unknown) => faults.push(fault));
    }
    this.#nameLeft();
    if (faults.length > 0) throw faults[0];
  }

  /** The last chance; nobody listens to a fault any more. */
  async end(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, PATIENCE)));
    await Promise.race([this.close().catch(() => undefined), late]);
    clearTimeout(timer);
    this.#nameLeft();
  }

  async #revoke(name: string): Promise<void> {
    try {
      await this.#keys.revoke(name, { reason: "unused" });
    } catch (error) {
      if (!(error instanceof KeysError) || error.code !== "KEY_NOT_FOUND") throw error;
    }
    this.#alive.delete(name);
  }

  #nameLeft(): void {
    for (const name of this.#alive) {
      if (this.#named.has(name)) continue;
      this.#named.add(name);
      this.#ctx.io.warn(`the canary ${name} could not be revoked and works until it expires`);
      this.#ctx.io.warn(`revoke it with: mcp-keys revoke ${name} --yes --store ${shellQuote(this.#store.spec)}`);
    }
  }

  #check(): void {
    if (this.#closed) throw new KeysError("INTERRUPTED", "the run is over, so no more keys are made");
  }
}
