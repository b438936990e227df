import { existsSync } from "node:fs";
import { onTestFinished } from "vitest";
import type * as Library from "../../src/index.ts";
import { startProxy, type Proxy } from "./proxy.ts";
import { startV1 } from "./server-v1.ts";
import { startV2 } from "./server-v2.ts";

/** A server on 127.0.0.1 at a free port. */
export interface Served {
  readonly url: string;
  close(): Promise<void>;
}

/** A server behind our guard, with a key. */
export interface Guarded extends Served {
  readonly token: string;
  readonly keyId: string;
  readonly keys: Library.Keys;
  readonly verifier: Library.Verifier;
}

export const GENERATIONS = ["v1", "v2"] as const;
export type Generation = (typeof GENERATIONS)[number];

/** The built bundle, as published. */
const BUILT = new URL("../../dist/index.js", import.meta.url);

async function loadBuilt(): Promise<typeof Library> {
  if (!existsSync(BUILT)) throw new Error("dist/index.js is not there: npm run build");
  return import(BUILT.href) as Promise<typeof Library>;
}

/** Starts a server with `guardNode` (v1) or `guardFetch` (v2). It stops with the test. */
export async function startGuarded(generation: Generation): Promise<Guarded> {
  const { createKeys, createVerifier, guardFetch, guardNode, openStore } = await loadBuilt();
  const store = await openStore("memory:");
  const keys = createKeys({ store });
  const { key, token } = await keys.generate({ name: "interop", expiresAt: null });
  const verifier = await createVerifier({ store });
  const served = await (generation === "v1" ? startV1(guardNode(verifier)) : startV2(guardFetch(verifier)));
  onTestFinished(async () => {
    await served.close();
    await verifier.close();
    await store.close();
  });
  return { ...served, token: token.reveal(), keyId: key.id, keys, verifier };
}

/** Starts the same server without a guard. It stops with the test. */
export async function startOpen(generation: Generation): Promise<Served> {
  const served = await (generation === "v1" ? startV1(null) : startV2(null));
  onTestFinished(() => served.close());
  return served;
}

/** Starts a proxy that adds the token to every request. It stops with the test. */
export async function startKeyed({ url }: Served, token: string): Promise<Proxy> {
  const proxy = await startProxy(url, token);
  onTestFinished(() => proxy.close());
  return proxy;
}
