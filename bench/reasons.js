/**
 * Why a goal is missed, by the start of `what`. `page.js` shows the text if the row misses its goal, and leaves it out if not, so a new
 * page keeps the texts.
 */
export const REASONS = [
  [
    "a verdict, 100,000 keys",
    "The records of 100,000 keys do not fit into the caches of the CPU, so a verdict waits for main memory. The digest of the peer is of a token that it has just read.",
  ],
  [
    "a verdict, 1,000 keys; peer: prefixed-api-key",
    "Both compute one SHA-256. A verdict of ours also judges expiry, scopes and audience, and records the use.",
  ],
  [
    "Express",
    "The handler answers two bytes, so the guard is compared with almost nothing. It adds one SHA-256, one lookup and the list of open responses to each request.",
  ],
  ["node:http", "As for Express: the cost of the guard is the same with every handler."],
  ["Fastify", "As for Express: the cost of the guard is the same with every handler."],
  ["Hono", "As for Express: the cost of the guard is the same with every handler."],
  [
    "mcp-keys check with 100,000 keys",
    "Even with a checkpoint, a command reads the whole journal and authenticates it. Without that, a damaged line could hide the revocation of a key.",
  ],
  [
    "mcp-keys generate with 100,000 keys",
    "As for `check`. It also searches the journal for the name, the id and the digest of the new key.",
  ],
  ["mcp-keys rotate with 100,000 keys", "As for `check`. It searches the journal several times."],
  [
    "mcp-keys list --json",
    "It checks the type of each member of each key and derives the status of each version, which the script does not.",
  ],
  [
    "start of a verifier",
    "It authenticates the journal, parses each key, checks the type of each member and builds the index.",
  ],
];
