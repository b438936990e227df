import type { BrokenServer } from "./broken.ts";
import { ServerBehavior } from "./configurable-server.ts";
import { followingServer } from "./following-server.ts";

const KEEP_OPEN = ServerBehavior.prototype.openStream;

/** Servers that miss changes to a key. */
export const BROKEN_LIFECYCLE: readonly BrokenServer[] = [
  {
    mistake: "reads its keys only at startup",
    caught: ["accepts-new-key"],
    ...followingServer(() => false),
  },
  {
    mistake: "ignores that a key is disabled",
    caught: ["rejects-disabled-key"],
    ...followingServer((store, key) => ["valid", "disabled"].includes(store.stateOf(key))),
  },
  {
    mistake: "never accepts a key again that it once rejected",
    caught: ["accepts-reenabled-key"],
    ...followingServer(remembering("refusals")),
  },
  {
    mistake: "accepts only the newest token of a key",
    caught: ["accepts-both-versions"],
    ...followingServer((store, key, token) => store.stateOf(key) === "valid" && key.tokens.at(-1) === token),
  },
  {
    mistake: "accepts only the first token of a key",
    caught: ["accepts-both-versions"],
    ...followingServer((store, key, token) => store.stateOf(key) === "valid" && key.tokens[0] === token),
  },
  {
    mistake: "ignores that a key is revoked",
    caught: ["rejects-revoked-key"],
    ...followingServer((store, key) => ["valid", "revoked"].includes(store.stateOf(key))),
  },
  {
    mistake: "revokes only the newest token of a key",
    caught: ["rejects-revoked-key"],
    ...followingServer((store, key, token) => {
      const state = store.stateOf(key);
      return state === "valid" || (state === "revoked" && key.tokens.at(-1) !== token);
    }),
  },
  ...(["modern", "sse"] as const).map((eras): BrokenServer => ({
    mistake: `keeps the streams of a revoked key open (${eras})`,
    caught: ["ends-streams-of-revoked-key"],
    ...followingServer(undefined, { eras, openStream: KEEP_OPEN }),
  })),
  {
    mistake: "keeps the streams of the sessions of a revoked key open",
    caught: ["ends-streams-of-revoked-key"],
    ...followingServer(undefined, { eras: "legacy", stateful: true, openStream: KEEP_OPEN }),
  },
  {
    mistake: "ignores the expiry of a key",
    caught: ["rejects-expired-key"],
    ...followingServer((store, key) => ["valid", "expired"].includes(store.stateOf(key))),
  },
  {
    mistake: "caches an accepted key forever",
    caught: ["rejects-disabled-key", "rejects-revoked-key", "rejects-expired-key"],
    ...followingServer(remembering("admissions")),
  },
];

function remembering(what: "admissions" | "refusals"): Parameters<typeof followingServer>[0] {
  const seen = new Set<string>();
  return (store, key, token) => {
    const isValid = store.stateOf(key) === "valid";
    if (isValid === (what === "admissions")) seen.add(token);
    return seen.has(token) ? what === "admissions" : isValid;
  };
}
