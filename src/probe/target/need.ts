import { jwtOf } from "../judge/forge-jwt.ts";
import type { Target } from "./target.ts";

/** Precondition of checks → whether the target meets it, and the observation if not. */
export const NEEDS = {
  accepted: {
    met: ({ survey }) => survey.greetings.length > 0,
    reason: "the server did not accept your key, so a refusal proves nothing",
  },
  bearer: {
    met: ({ header }) => header.name === "authorization" && header.scheme?.toLowerCase() === "bearer",
    reason: "the key is not sent as Authorization: Bearer",
  },
  scheme: {
    met: ({ header }) => header.name === "authorization" && header.scheme !== null,
    reason: "the key is not sent in Authorization after a scheme",
  },
  modern: { met: (target) => speaks(target, "modern"), reason: "the server does not speak MCP 2026-07-28" },
  legacy: {
    met: (target) => speaks(target, "legacy"),
    reason: "the server does not speak MCP 2025-03-26 to 2025-11-25",
  },
  sse: { met: (target) => speaks(target, "sse"), reason: "the server does not speak HTTP+SSE" },
  http: {
    met: ({ survey }) => survey.greetings[0]?.era !== "sse",
    reason: "the server speaks only HTTP+SSE",
  },
  session: { met: ({ survey }) => survey.sessions, reason: "the server has no sessions" },
  store: { met: ({ lab }) => lab !== null, reason: "needs a store to create keys in: --store" },
  "second-key": {
    met: ({ secondKey, lab }) => secondKey !== null || lab !== null,
    reason: "needs a second key: --second-key-env, or --store",
  },
  jwt: { met: ({ key }) => jwtOf(key) !== null, reason: "your key is no JWT" },
  tool: { met: ({ tool }) => tool !== null, reason: "needs the name of a tool to call: --call" },
  https: { met: ({ url }) => url.protocol === "https:", reason: "the URL is not https://" },
  loopback: { met: ({ loopback }) => loopback, reason: "the server is not on this machine" },
} as const satisfies Record<string, { met: (target: Target) => boolean; reason: string }>;

export type Need = keyof typeof NEEDS;

/** Returns why a check cannot run on this target, or `null`. */
export function unmetNeed(needs: readonly Need[], target: Target): string | null {
  const unmet = needs.find((need) => !NEEDS[need].met(target));
  return unmet === undefined ? null : NEEDS[unmet].reason;
}

function speaks({ survey }: Target, era: string): boolean {
  return survey.greetings.some((greeting) => greeting.era === era);
}
