import type { Target } from "./target.ts";

/** What a check may need → whether it is there, and why not. */
export const NEEDS = {
  accepted: {
    met: ({ survey }) => survey.greetings.length > 0,
    else: "your key was not let in, so a refusal proves nothing",
  },
  bearer: {
    met: ({ header }) => header.name === "authorization" && header.scheme?.toLowerCase() === "bearer",
    else: "the key does not travel as Authorization: Bearer here",
  },
  modern: { met: (target) => speaks(target, "modern"), else: "the server does not speak MCP 2026-07-28" },
  legacy: { met: (target) => speaks(target, "legacy"), else: "the server does not speak MCP 2025-03-26 to 2025-11-25" },
  sse: { met: (target) => speaks(target, "sse"), else: "the server does not speak HTTP+SSE" },
  session: { met: ({ survey }) => survey.sessions, else: "the server opens no sessions" },
  store: { met: ({ lab }) => lab !== null, else: "needs a store to make keys in: --store" },
  "second-key": {
    met: ({ secondKey, lab }) => secondKey !== null || lab !== null,
    else: "needs a second key: --second-key-env, or --store",
  },
  tool: { met: ({ tool }) => tool !== null, else: "needs a tool that may be called: --call" },
  https: { met: ({ url }) => url.protocol === "https:", else: "the server is not asked over TLS" },
  loopback: { met: ({ loopback }) => loopback, else: "the server is not on this machine's loopback" },
} as const satisfies Record<string, { met: (target: Target) => boolean; else: string }>;

export type Need = keyof typeof NEEDS;

/** Why a check cannot be asked, or `null` when it can. */
export function unmetNeed(needs: readonly Need[], target: Target): string | null {
  const lacking = needs.find((need) => !NEEDS[need].met(target));
  return lacking === undefined ? null : NEEDS[lacking].else;
}

function speaks({ survey }: Target, era: string): boolean {
  return survey.greetings.some((greeting) => greeting.era === era);
}
