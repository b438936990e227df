import type { Secret } from "../core/secret.ts";
import { KeysError } from "../errors.ts";
import type { HttpRequest } from "./request.ts";
import type { Verification } from "./verification.ts";

export interface VerifyOptions {
  /** The address of the server as it was typed. Never quoted in an error. */
  readonly url: string;
  /** Sent to the origin of `url` alone. */
  readonly token: Secret;
  readonly request: HttpRequest;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
  /** That many random characters of `[0-9A-Za-z]`, for the bogus key. */
  readonly random: (length: number) => string;
  /** Milliseconds for everything together. */
  readonly timeoutMs: number;
  /** The version of mcp-keys, as servers are told it. */
  readonly clientVersion: string;
  /** Send the token over plain http beyond loopback as well. */
  readonly allowHttp?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Proves from outside whether a server lets this key in, and nothing else: it is asked without a key, with a bogus one and
 * with yours. Whatever the server does is an outcome, not a fault.
 * @throws {@link KeysError} `USAGE` for an address that cannot be used, `TOKEN_UNUSABLE`, `INTERRUPTED`.
 */
export function verifyServer(options: VerifyOptions): Promise<Verification> {
  return Promise.reject(new KeysError("BUG", `verify is being written (${options.clientVersion})`));
}
