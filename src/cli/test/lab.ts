import type { Key } from "../../core/key.ts";
import type { Secret } from "../../core/secret.ts";
import { shellQuote } from "../../core/shell-quote.ts";
import { KeysError } from "../../errors.ts";
import type { Keys } from "../../keys/keys.ts";
import type { KeyStore } from "../../stores/store.ts";
import type { Lab, LabKey } from "../../probe/target/lab.ts";
import type { Context, World } from "../context.ts";
import { canaryTags, revokeLeftovers } from "./leftover-canaries.ts";

/** A lab that can be closed before the run ends. */
export interface OpenLab extends Lab {
  /**
   * Revokes the remaining canaries. Called after the report, because its errors are not about the server.
   * @throws {@link KeysError} of the store if a canary could not be revoked; each of them is named on stderr
   */
  close(): Promise<void>;
}

/** Lifetime of a canary in seconds, in case the run is killed before it revokes it. */
const LIFETIME = 3600;
/** Overlap of a rotation in seconds; longer than any check takes. */
const OVERLAP = 900;
/** Milliseconds that the end of an interrupted run waits for the store. */
const PATIENCE = 3000;

/** The parts of a {@link Context} that a lab uses. */
type LabContext = Pick<Context, "store" | "keys" | "io" | "atEnd"> & { readonly world: Pick<World, "now" | "random"> };

/**
 * Opens a lab in the store of this run. Its canaries get the scopes and audience of `key` if the store knows it, because the
 * server may require them. Revokes what a killed run left behind. At the end of the run, also after Ctrl-C or an error, all canaries are revoked. A canary that cannot
 * be revoked is named on stderr with the command that revokes it.
 * @throws {@link KeysError} `STORE_READ_ONLY`, and what the store throws
 */
export async function openLab(ctx: LabContext, key: Secret): Promise<OpenLab> {
  const store = await ctx.store();
  if (store.readOnly) {
    throw new KeysError("STORE_READ_ONLY", `${store.spec} is read-only, so test keys cannot be issued in it`, {
      hint: "pass the store that the server follows, or remove --store",
    });
  }
  const keys = await ctx.keys();
  await revokeLeftovers(ctx, keys);
  const verdict = await keys.check(key.reveal());
  const lab = new KeysLab(ctx, keys, store, verdict.key ?? null);
  ctx.atEnd(() => lab.end(), PATIENCE + 200);
  return lab;
}

class KeysLab implements OpenLab {
  readonly #ctx: LabContext;
  readonly #keys: Keys;
  readonly #store: KeyStore;
  readonly #template: Key | null;
  /** Names of canaries that may be in the store and not yet revoked. */
  readonly #active = new Set<string>();
  readonly #pending = new Set<Promise<unknown>>();
  readonly #reported = new Set<string>();
  #closed = false;

  constructor(ctx: LabContext, keys: Keys, store: KeyStore, template: Key | null) {
    this.#ctx = ctx;
    this.#keys = keys;
    this.#store = store;
    this.#template = template;
  }

  async knows(key: Secret): Promise<boolean> {
    const verdict = await this.#keys.check(key.reveal());
    return verdict.key !== undefined;
  }

  async mint(purpose: string, lifetime = LIFETIME): Promise<LabKey> {
    this.#assertOpen();
    const { now, random } = this.#ctx.world;
    const name = `mcp-keys-canary-${purpose}-${Buffer.from(random(5)).toString("hex")}`;
    const expiresAt = now() + lifetime;
    const { prefix, scopes, audience } = this.#template ?? {};
    // Added before the write, because the key may exist even if the write fails.
    this.#active.add(name);
    const generating = this.#keys.generate({
      ...{ name, expiresAt, scopes, audience },
      ...(prefix !== undefined && { prefix }),
      note: "issued by mcp-keys test, which revokes it at the end",
      tags: canaryTags(),
    });
    this.#pending.add(generating);
    const { token } = await generating.finally(() => this.#pending.delete(generating));
    return this.#keyOf(name, token, expiresAt);
  }

  #keyOf(name: string, token: Secret, expiresAt: number): LabKey {
    const change = async (make: () => Promise<unknown>): Promise<void> => {
      this.#assertOpen();
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
    // A canary must be written before it can be revoked.
    await Promise.allSettled(this.#pending);
    const faults: unknown[] = [];
    for (const name of [...this.#active]) {
      await this.#revoke(name).catch((fault: unknown) => faults.push(fault));
    }
    this.#reportActive();
    if (faults.length > 0) throw faults[0];
  }

  /** Closes the lab at the end of the run, without throwing. */
  async end(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => (timer = setTimeout(resolve, PATIENCE)));
    await Promise.race([this.close().catch(() => undefined), timeout]);
    clearTimeout(timer);
    this.#reportActive();
  }

  async #revoke(name: string): Promise<void> {
    try {
      await this.#keys.revoke(name, { reason: "unused" });
    } catch (error) {
      if (!(error instanceof KeysError) || error.code !== "KEY_NOT_FOUND") throw error;
    }
    this.#active.delete(name);
  }

  #reportActive(): void {
    for (const name of this.#active) {
      if (this.#reported.has(name)) continue;
      this.#reported.add(name);
      this.#ctx.io.warn(`could not revoke the test key ${name}; it works until it expires`);
      this.#ctx.io.warn(`revoke it with: mcp-keys revoke ${name} --yes --store ${shellQuote(this.#store.spec)}`);
    }
  }

  #assertOpen(): void {
    if (this.#closed) throw new KeysError("INTERRUPTED", "the run has ended; no more test keys are issued");
  }
}
