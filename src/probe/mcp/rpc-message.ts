/** Protocol version that we speak in the modern era. */
export const MODERN_VERSION = "2026-07-28";
/** Protocol version that we ask for in the legacy era. */
export const LEGACY_VERSION = "2025-11-25";
/** Prefix of the metadata that MCP defines. */
export const META = "io.modelcontextprotocol";

/** A JSON-RPC message without its envelope. Without `id` it is a notification. */
export interface RpcMessage {
  readonly id?: string;
  readonly method: string;
  readonly params?: Readonly<Record<string, unknown>>;
}

/** A message that gets a reply. */
export type RpcRequest = RpcMessage & { readonly id: string };

/** The name and version that we send to servers. */
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

/** Returns the parameters of every request in the modern era. */
export function modernParams(clientInfo: ClientInfo): Readonly<Record<string, unknown>> {
  const _meta = {
    [`${META}/protocolVersion`]: MODERN_VERSION,
    [`${META}/clientInfo`]: clientInfo,
    [`${META}/clientCapabilities`]: {},
  };
  return { _meta };
}
