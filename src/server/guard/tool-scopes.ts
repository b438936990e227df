import type { Message } from "./json-rpc.ts";

/** The tools that `*` stands for: all that have no scopes of their own. */
const OTHERS = "*";

/** Which scopes the tools of a server need. */
export class ToolScopes {
  readonly #scopes: ReadonlyMap<string, readonly string[]>;

  /** @param scopes - by name; under `*` for tools that are not named */
  constructor(scopes: ReadonlyMap<string, readonly string[]>) {
    this.#scopes = scopes;
  }

  /** What the calls among these messages need, all together. */
  neededBy(messages: readonly Message[]): readonly string[] {
    const needed = messages
      .filter(({ method }) => method === "tools/call")
      .flatMap(({ params }) => this.#of((params as { name?: unknown } | null | undefined)?.name));
    return [...new Set(needed)];
  }

  /** Tells the tools that a key with these scopes may not call; `null` when there are none. */
  hiddenFrom(scopes: readonly string[]): ((tool: unknown) => boolean) | null {
    const lacks = (needed: readonly string[]) => needed.some((scope) => !scopes.includes(scope));
    if (![...this.#scopes.values()].some(lacks)) return null;
    return (tool) => lacks(this.#of(tool));
  }

  #of(tool: unknown): readonly string[] {
    return (typeof tool === "string" ? this.#scopes.get(tool) : undefined) ?? this.#scopes.get(OTHERS) ?? [];
  }
}
