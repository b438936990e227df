import type { ResponseHead } from "./admission.ts";
import { createDocumentRewriter, createEventRewriter, type Rewriter } from "./body-rewriter.ts";
import type { BodyMessage } from "./body-message.ts";
import { foldText } from "./fold-text.ts";

/** The name for all tools that are not listed. */
const UNLISTED = "*";

type IsHidden = (tool: unknown) => boolean;

/** The scopes that the tools of a server need. */
export class ToolScopes {
  readonly #scopes: ReadonlyMap<string, readonly string[]>;
  readonly #folded: ReadonlySet<string>;

  /** @param scopes - by the name of the tool, with `*` for tools that are not listed */
  constructor(scopes: ReadonlyMap<string, readonly string[]>) {
    this.#scopes = scopes;
    this.#folded = new Set([...scopes.keys()].filter((tool) => tool !== UNLISTED).map(foldText));
  }

  /**
   * Returns the scopes that the tool calls in these messages need together. Returns `null` if a name differs from a listed one
   * only in ways that a server may ignore, like case.
   */
  neededBy(messages: readonly BodyMessage[]): readonly string[] | null {
    const tools = messages.flatMap(({ tool }) => tool ?? []);
    if (tools.some((tool) => !this.#scopes.has(tool) && this.#folded.has(foldText(tool)))) return null;
    return [...new Set(tools.flatMap((tool) => this.#of(tool)))];
  }

  /** Returns a test for tools that a key with these scopes may not call, or `null` if it may call them all. */
  hiddenFrom(scopes: readonly string[]): IsHidden | null {
    const lacks = (needed: readonly string[]) => needed.some((scope) => !scopes.includes(scope));
    if (![...this.#scopes.values()].some(lacks)) return null;
    return (tool) => lacks(this.#of(tool));
  }

  #of(tool: unknown): readonly string[] {
    return (typeof tool === "string" ? this.#scopes.get(tool) : undefined) ?? this.#scopes.get(UNLISTED) ?? [];
  }
}

/** Creates a rewriter that hides tools in a response of JSON or events. Returns `null` if the body is in another form. */
export function createToolRewriter(head: ResponseHead, isHidden: IsHidden): Rewriter | null {
  const encoding = head.header("content-encoding") ?? "identity";
  const type = head.header("content-type")?.toLowerCase() ?? "";
  const rewrite = (text: string) => hideTools(text, isHidden);
  if (encoding !== "identity") return null;
  if (type.startsWith("text/event-stream")) return createEventRewriter(rewrite);
  return type.startsWith("application/json") ? createDocumentRewriter(rewrite) : null;
}

/**
 * Removes hidden tools from a response to `tools/list`. Other text is returned unchanged, invalid JSON too: that leaks at most
 * a name, and calls of the tool are still refused.
 * @param text - a JSON-RPC response, or a batch
 */
export function hideTools(text: string, isHidden: IsHidden): string {
  if (!text.includes('"tools"')) return text;
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return text;
  }
  const changed = (Array.isArray(message) ? message : [message]).map((one) => hideIn(one, isHidden));
  return changed.includes(true) ? JSON.stringify(message) : text;
}

/** Removes hidden tools from a message in place. Returns whether it changed the message. */
function hideIn(message: unknown, isHidden: IsHidden): boolean {
  const { result } = (message ?? {}) as { result?: { tools?: unknown; cacheScope?: unknown } | null };
  if (!Array.isArray(result?.tools)) return false;
  const shown = result.tools.filter((tool) => !isHidden((tool as { name?: unknown } | null)?.name));
  if (shown.length === result.tools.length) return false;
  result.tools = shown;
  // The list now depends on the key, so shared caches must not store it.
  if (result.cacheScope === "public") result.cacheScope = "private";
  return true;
}
