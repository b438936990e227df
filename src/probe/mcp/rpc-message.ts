/** A JSON-RPC message without its envelope. Without `id` it is a notification. */
export interface RpcMessage {
  readonly id?: string;
  readonly method: string;
  readonly params?: Readonly<Record<string, unknown>>;
}

/** A message that gets a reply. */
export type RpcRequest = RpcMessage & { readonly id: string };

/** How we introduce ourselves to servers. */
export interface ClientInfo {
  readonly name: string;
  readonly version: string;
}

/** Builds a request whose id is derived from its method. */
export function rpcRequest(method: string, params: RpcMessage["params"] = {}): RpcRequest {
  return { id: `mcp-keys:${method}`, method, params };
}

/** Builds the request that starts a handshake. */
export function initializeRequest(clientInfo: ClientInfo, protocolVersion: string): RpcRequest {
  return rpcRequest("initialize", { protocolVersion, capabilities: {}, clientInfo });
}

/** Ends a handshake. */
export const INITIALIZED: RpcMessage = { method: "notifications/initialized" };
