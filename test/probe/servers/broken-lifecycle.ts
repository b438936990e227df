import type { Broken } from "./broken.ts";
import { followingServer } from "./following.ts";

/** Servers that do not follow what becomes of a key. */
export const BROKEN_LIFECYCLES: readonly Broken[] = [
  {
    mistake: "reads its keys once at its start",
    caught: ["accepts-new-key"],
    ...followingServer(() => false),
  },
  {
    mistake: "forgets that a key can be disabled",
    caught: ["rejects-disabled-key"],
    ...followingServer((store, row) => ["in", "disabled"].includes(store.standing(row))),
  },
  {
    mistake: "never takes back a key that it refused once",
    caught: ["accepts-reenabled-key"],
    ...followingServer(remembering("refusals")),
  },
  {
    mistake: "knows one token for each key, the newest",
    caught: ["accepts-both-versions"],
    ...followingServer((store, row, token) => store.standing(row) === "in" && row.tokens.at(-1) === token),
  },
  {
    mistake: "learns of a key but not of its rotations",
    caught: ["accepts-both-versions"],
    ...followingServer((store, row, token) => store.standing(row) === "in" && row.tokens[0] === token),
  },
  {
    mistake: "looks whether a key is there and not whether it was revoked",
    caught: ["rejects-revoked-key"],
    ...followingServer((store, row) => ["in", "revoked"].includes(store.standing(row))),
  },
  {
    mistake: "revokes the newest token of a key and no other",
    caught: ["rejects-revoked-key"],
    ...followingServer((store, row, token) => {
      const standing = store.standing(row);
      return standing === "in" || (standing === "revoked" && row.tokens.at(-1) !== token);
    }),
  },
  {
    mistake: "never looks at the expiry of a key",
    caught: ["rejects-expired-key"],
    ...followingServer((store, row) => ["in", "expired"].includes(store.standing(row))),
  },
  {
    mistake: "keeps a good verdict for as long as it runs",
    caught: ["rejects-disabled-key", "rejects-revoked-key", "rejects-expired-key"],
    ...followingServer(remembering("admissions")),
  },
];

function remembering(what: "admissions" | "refusals"): Parameters<typeof followingServer>[0] {
  const seen = new Set<string>();
  return (store, row, token) => {
    const isIn = store.standing(row) === "in";
    if (isIn === (what === "admissions")) seen.add(token);
    return seen.has(token) ? what === "admissions" : isIn;
  };
}
