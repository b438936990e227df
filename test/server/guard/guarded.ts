import { onTestFinished } from "vitest";
import type { GuardOptions } from "../../../src/server/guard/guard-options.ts";
import { adapters, readers, type Adapter, type Behind, type Sent } from "./adapters.ts";
import { createFixture, type Fixture } from "../fixture.ts";

/** A server behind a guard, and a key `ci` with the scope `read`. */
export interface Guarded extends Fixture, Adapter {
  readonly token: string;
  /** The header with the key. */
  readonly key: readonly string[];
}

export async function startGuarded(name: string, options: GuardOptions, behind?: Behind): Promise<Guarded> {
  const fixture = await createFixture();
  const token = await fixture.issue("ci", { scopes: ["read"] });
  const adapter = await (adapters[name] ?? readers[name])!(fixture.verifier, options, behind);
  onTestFinished(() => adapter.close());
  return { ...fixture, ...adapter, token, key: bearer(token) };
}

export function bearer(token: string): string[] {
  return ["Authorization", `Bearer ${token}`];
}

/** A POST of a JSON-RPC message with a key. */
export function post(key: readonly string[], message: unknown, headers: readonly string[] = []): Sent {
  const body = typeof message === "string" || Buffer.isBuffer(message) ? message : JSON.stringify(message);
  return { method: "POST", headers: [...key, "Content-Type", "application/json", ...headers], body };
}

export function call(name: unknown, more: object = {}) {
  return { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name }, ...more };
}

export const LIST = { jsonrpc: "2.0", id: 2, method: "tools/list" };
