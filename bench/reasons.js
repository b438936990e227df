const AUTHENTICATED =
  "A command reads 2.4 MB of index and then only the lines of its key. But it also reads and authenticates all 58 MB of the journal, so that damage anywhere in it is found: 9.5 ms of the 12 ms more than with 10 keys. Without that, it would take 1.1 times as long. Handing the bytes over from another thread, even while the ones before are authenticated, took longer.";

/**
 * Why a goal is missed, by the start of `what`. `page.js` shows the text if the row misses its goal, and leaves it out if not, so a new
 * page keeps the texts.
 */
export const REASONS = [
  [
    "a verdict, 100,000 keys",
    "Counted by callgrind, a verdict takes 15,300 instructions (11,150 with 1,000 keys), and the SHA-256 in it 8,850. The difference builds the key and the version, because a cache of 4,096 seldom has them. Their records do not fit into the caches of the CPU, so a verdict also waits for main memory.",
  ],
  [
    "a verdict, 1,000 keys; peer: prefixed-api-key",
    "Counted by callgrind, a verdict takes 11,150 instructions, of which 8,850 are one bare SHA-256, which the peer computes too. The rest finds the version, reads two clocks, judges expiry, scopes and audience, and records the use. An earlier version was as fast without the second clock, which the lease needs.",
  ],
  [
    "Express",
    "The figure is between 0.87 and 0.96 from process to process, with the same code. Express gives each request another prototype, after which V8 looks up each property that the guard reads or adds: of 450,000 instructions without a guard, the guard adds about 43,000, where it adds 15,000 on `node:http`. It was 66,000 before the guard read less of a request. Changing the prototypes of Express would save more, but for every app in the process.",
  ],
  ["node:http", "As for Express: the cost of the guard is the same with every handler."],
  [
    "Fastify",
    "Counted by callgrind, the guard adds 16,900 instructions to 69,600 (before: 17,600). One SHA-256 is 8,850 of them. Another 3,000 read the headers, because a repeated one must be found in what the client sent. Names are compared as a whole, and most headers that were not sent are not searched for. For a client that sends names in lower case, that saves a third of the reading.",
  ],
  [
    "Hono",
    "Counted by callgrind, the guard adds 26,000 instructions to 91,500 (before: 26,900). An empty middleware that answers with a promise, as the guard does, adds 5,000 without any guard, and most of the rest is as for Fastify. One promise less inside the guard would save 150.",
  ],
  ["mcp-keys check with 100,000 keys", AUTHENTICATED],
  ["mcp-keys generate with 100,000 keys", AUTHENTICATED],
  ["mcp-keys rotate with 100,000 keys", AUTHENTICATED],
  [
    "mcp-keys verify",
    "Of the CPU instructions, 31% are bare node, 13% the command line, 36% `node:http` and eight requests on connections of their own, 9% `node:crypto` for the random keys, 5% the look into the store for a token that ends soon, and the rest what `verify` does itself. A reader of HTTP of our own would save 12%. It was tried and not kept, because each verdict would depend on it instead of on Node's parser. One agent for all requests or connections that are kept saved nothing on this machine.",
  ],
  [
    "mcp-keys list --json",
    "A third of it is garbage collection and JSON.parse, as in the script. The rest sorts the keys, checks the type of each member, derives the status of each key and version, and writes their times as text, which the script does not. Output in pieces and each time written once saved a sixth.",
  ],
  [
    "start of a verifier",
    "In a profile, JSON.parse takes two fifths of it, garbage collection a tenth, and the index a tenth. The rest reads and authenticates the journal and checks the type of each member. Parsing many lines at once, and as ASCII, was not faster.",
  ],
  [
    "mcp-keys completion",
    "In a profile of the 7 ms above bare Node, 1.5 ms are the cached code, 1 ms building the command line, and the rest are files and first calls. It opens no store and loads no cryptography.",
  ],
  [
    "mcp-keys list;",
    "In a profile, 3.3 of the 13 ms above bare Node are loading node:crypto, 1.5 ms opening and comparing the cache of compiled code, and 1.5 ms loading from it.",
  ],
  ["mcp-keys check;", "As for `list`. It also computes the digest of the token."],
  [
    "mcp-keys generate;",
    "In a profile, 3.3 of the 17 ms above bare Node are loading node:crypto, 2 ms reading the cache of compiled code, 3 ms loading from it, and 1 to 2 ms garbage collection, because 1.7 MB are allocated. The record is flushed before the token is printed. Files without threads and parts that compile when they are used saved 0.1. Not tried: one script for each command in the cache.",
  ],
  [
    "mcp-keys rotate;",
    "As for `generate`. Two records are written and flushed, one before and one after the token is printed.",
  ],
  [
    "npm install",
    "In kB: what the CLI and the library share 440, the CLI alone 490 (parsers of client configurations 107, commander 40, prompts 20), the library alone 120, declarations 120 (90 of them doc comments), README 12, licences 9. Tried: short names for all functions (4 % less, but stack traces without names), and one copy of what the CLI and the library share, which is kept.",
  ],
];
