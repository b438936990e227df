import { Secret } from "../../../src/core/secret.ts";
import type { BrokenServer } from "./broken.ts";
import type { ServerBehavior } from "./configurable-server.ts";

const HEX = "9f2c41d07be85a36c4f1b20e8d7a6953";

/** Servers that go wrong before they compare: while they read, decode or split the key. */
export const BROKEN_KEY_PARSING: readonly BrokenServer[] = [
  {
    mistake: "goes on to the handler when it cannot decode a key",
    caught: ["rejects-malformed-key", "rejects-key-pattern"],
    make: () => ({ knows: failingOpen((token) => decodeURIComponent(token)) }),
  },
  {
    mistake: "goes on to the handler when a key is not UTF-8",
    caught: ["rejects-malformed-key"],
    make: () => ({
      knows: failingOpen((token) => new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(token, "latin1"))),
    }),
  },
  {
    mistake: "takes a key that is too long for a token of somebody else",
    caught: ["rejects-malformed-key"],
    make: () => ({
      isGuarded: ({ headers }) => (headers.authorization ?? "").length < 512,
    }),
  },
  {
    mistake: "decodes JWTs too, and does not verify them",
    caught: ["rejects-malformed-key"],
    make: () => ({
      knows(token) {
        const [, payload = ""] = token.split(".");
        return this.keys.includes(token) || subjectOf(payload) === "admin";
      },
    }),
  },
  {
    mistake: "reads a key up to the first NUL",
    caught: ["rejects-extended-key"],
    make: () => ({
      knows(token) {
        const [text = ""] = token.replace(/%00/g, "\0").split("\0");
        return this.keys.includes(text);
      },
    }),
  },
  {
    mistake: "looks for its key at the end of the header",
    caught: ["rejects-extended-key"],
    make: () => ({
      knows(token) {
        return this.keys.some((key) => token.endsWith(key));
      },
    }),
  },
  {
    mistake: "decodes hexadecimal keys and compares the first half",
    caught: ["rejects-changed-key", "rejects-truncated-key", "rejects-extended-key"],
    make: () => ({
      keys: [HEX],
      knows: (token) => Buffer.from(token, "hex").subarray(0, 8).equals(Buffer.from(HEX, "hex").subarray(0, 8)),
    }),
    options: { key: new Secret(HEX) },
  },
  {
    mistake: "reads the form of a key and not its value",
    caught: ["rejects-bogus-key"],
    make: () => ({ keys: [HEX], knows: (token) => /^[0-9a-zA-Z]{32}$/.test(token) }),
    options: { key: new Secret(HEX) },
  },
];

/** Compares what `read` returns, and takes an error for "no opinion". */
function failingOpen(read: (token: string) => string): (this: ServerBehavior, token: string) => boolean {
  return function (token) {
    try {
      return this.keys.includes(read(token));
    } catch {
      return true;
    }
  };
}

function subjectOf(payload: string): unknown {
  try {
    return (JSON.parse(Buffer.from(payload, "base64url").toString()) as { sub?: unknown }).sub;
  } catch {
    return undefined;
  }
}
