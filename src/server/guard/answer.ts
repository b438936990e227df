/** A response of our own, before it is one of a framework. `headers` in lower case. */
export interface Answer {
  readonly status: 204 | 400 | 401 | 403 | 404 | 413 | 415 | 500 | 503;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON; empty for 204. */
  readonly body: string;
}

/** A refusal as OAuth writes it: what went wrong in one word, and in a sentence. */
export function formatAnswer(
  status: Answer["status"],
  error: string,
  description: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return formatJson(status, { error, error_description: description }, headers);
}

/** A refusal as JSON-RPC writes it, where an MCP client acts on its code. */
export function formatRpcAnswer(status: Answer["status"], code: number, message: string): Answer {
  return formatJson(status, { jsonrpc: "2.0", id: null, error: { code, message } });
}

function formatJson(status: Answer["status"], body: object, headers: Readonly<Record<string, string>> = {}): Answer {
  return {
    status,
    headers: { ...headers, "content-type": "application/json", "cache-control": "no-store" },
    body: JSON.stringify(body),
  };
}
