import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { isObject } from "../../core/type-guards.ts";
import { KeysError } from "../../errors.ts";
import type { Admission, Rejection } from "../guard/admission.ts";
import type { AuthInfo } from "../guard/auth-info.ts";
import { createGuard } from "../guard/guard.ts";
import { EMPTY } from "../guard/parse-body.ts";
import type { GuardOptions } from "../guard/guard-options.ts";
import type { Verifier } from "../verifier/verifier.ts";
import type { GuardedRequest } from "./guard-node.ts";
import { NodeRequestView } from "./request-view.ts";
import { refuseUpgrade } from "./refuse-upgrade.ts";

/**
 * Takes over the connection of an accepted upgrade. If it throws or rejects, the connection is closed.
 * @example
 * ```ts
 * import type { UpgradeHandler } from "mcp-keys";
 *
 * const echo: UpgradeHandler = (request, socket) => {
 *   socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n");
 *   socket.pipe(socket);
 * };
 * ```
 */
export type UpgradeHandler = (request: GuardedRequest, socket: Duplex, head: Buffer) => unknown;

/**
 * The options of {@link guardUpgrade}: those of a guard, without `toolScopes`, since no guard sees the messages.
 * @example
 * ```ts
 * import type { UpgradeOptions } from "mcp-keys";
 *
 * const options: UpgradeOptions = { scopes: ["notes:read"], allowedOrigins: [] };
 * ```
 */
export type UpgradeOptions = Omit<GuardOptions, "toolScopes">;

/**
 * Creates a guard for the `upgrade` event of a Node server, such as for WebSockets: Node passes such requests to no middleware.
 * The guard accepts a request by setting `request.auth` and calling the handler. It answers all others itself and closes the
 * connection. It also fits the `connect` event. With the package `ws`, the handler calls `handleUpgrade`.
 * @returns a listener that never throws
 * @throws `KeysError` `USAGE` if there is no handler, or an option is unknown or invalid
 * @example
 * ```ts
 * import { createServer } from "node:http";
 * import { createVerifier, guardNode, guardUpgrade, openStore, type UpgradeHandler } from "mcp-keys";
 *
 * const verifier = await createVerifier({ store: await openStore() });
 * const guard = guardNode(verifier);
 * const server = createServer((request, response) => guard(request, response, () => response.end("accepted")));
 * const openWebSocket: UpgradeHandler = (request, socket) => socket.end(`hello ${request.auth.extra.keyName}`);
 * server.on("upgrade", guardUpgrade(verifier, openWebSocket));
 * ```
 */
export function guardUpgrade(
  verifier: Verifier,
  handler: UpgradeHandler,
  options: UpgradeOptions = {},
): (request: IncomingMessage, socket: Duplex, head: Buffer) => void {
  if (typeof (handler as unknown) !== "function") {
    throw new KeysError("USAGE", "guardUpgrade needs a handler for accepted requests", {
      hint: 'server.on("upgrade", guardUpgrade(verifier, (request, socket, head) => …, options))',
    });
  }
  if (isObject(options) && "toolScopes" in options) {
    throw new KeysError("USAGE", "guardUpgrade cannot check toolScopes, because it does not see the messages", {
      hint: "require scopes for the whole connection, or check request.auth.scopes in the handler",
    });
  }
  const guard = createGuard("guardUpgrade", verifier, options);

  const finish = (request: IncomingMessage, socket: Duplex, head: Buffer, result: Admission | Rejection): void => {
    if (socket.destroyed) return;
    if (!result.ok) return refuseUpgrade(request, socket, result.response);
    const rejection = result.follow?.(socket) ?? null;
    if (rejection !== null) return refuseUpgrade(request, socket, rejection.response);
    (request as { auth?: AuthInfo }).auth = result.auth;
    // Without toolScopes it refuses nothing.
    void result.inspectBody?.(EMPTY);
    void runHandler(handler, request as GuardedRequest, socket, head).then((fault) => {
      if (fault === null) return;
      verifier.logRefusal("upgrade-failed", `the handler of guardUpgrade threw ${fault}; the connection is closed`);
      socket.destroy();
    });
  };

  return (request, socket, head) => {
    // Node removes its own listener before the event, and an error without a listener would end the process.
    socket.on("error", () => socket.destroy());
    const result = guard.check(new NodeRequestView(request));
    if (result instanceof Promise) void result.then((late) => finish(request, socket, head, late));
    else finish(request, socket, head, result);
  };
}

/** Returns the name of what the handler threw, or `null`. Never rejects. */
async function runHandler(handler: UpgradeHandler, ...args: Parameters<UpgradeHandler>): Promise<string | null> {
  try {
    await handler(...args);
    return null;
  } catch (cause) {
    return cause instanceof Error ? cause.name : typeof cause;
  }
}
