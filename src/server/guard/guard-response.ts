/** A response that the guard sends itself, independent of the framework. Header names are in lower case. */
export interface GuardResponse {
  readonly status: 204 | 400 | 401 | 403 | 404 | 413 | 415 | 431 | 500 | 503;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON; empty for 204. */
  readonly body: string;
}

/** Formats an error as OAuth does: a code and a sentence. */
export function formatOAuthError(
  status: GuardResponse["status"],
  error: string,
  description: string,
  headers: Readonly<Record<string, string>> = {},
): GuardResponse {
  return formatJson(status, { error, error_description: description }, headers);
}

/** Formats an error as JSON-RPC does, for errors that MCP clients handle by their code. */
export function formatRpcError(status: GuardResponse["status"], code: number, message: string): GuardResponse {
  return formatJson(status, { jsonrpc: "2.0", id: null, error: { code, message } });
}

function formatJson(
  status: GuardResponse["status"],
  body: object,
  headers: Readonly<Record<string, string>> = {},
): GuardResponse {
  return {
    status,
    headers: { ...headers, "content-type": "application/json", "cache-control": "no-store" },
    body: JSON.stringify(body),
  };
}
