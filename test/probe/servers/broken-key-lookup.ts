import { createHash } from "node:crypto";
import { Secret } from "../../../src/core/secret.ts";
import type { BrokenServer } from "./broken.ts";

const OPAQUE = "sk-live-0a1B2c3D4e5F6g7H8i9J0k1L";
const NUMBERED = "73501942-pRoD-9f2Kd03LmQ7x";
const LONG = `${OPAQUE}-${"5f0Kq8Zr1Wd7Tn3Ys6Bv".repeat(3)}`;

/** What a list of keys shows of one. */
const mask = (key: string): string => `${key.slice(0, 8)}…${key.slice(-4)}`;
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** Servers that look up or compare keys in ways that look right. */
export const BROKEN_KEY_LOOKUP: readonly BrokenServer[] = [
  {
    mistake: "looks keys up in a plain object",
    caught: ["rejects-placeholder-key"],
    make: () => ({
      knows(token) {
        const clients: Record<string, unknown> = Object.fromEntries(this.keys.map((key) => [key, { scopes: ["mcp"] }]));
        return Boolean(clients[token]);
      },
    }),
  },
  {
    mistake: "matches the key against the presented text as a regular expression",
    caught: ["rejects-key-pattern", "rejects-truncated-key"],
    make: () => ({
      knows(token) {
        try {
          return this.keys.some((key) => new RegExp(token).test(key));
        } catch {
          return false;
        }
      },
    }),
  },
  {
    mistake: "matches the whole key against the presented text as a regular expression",
    caught: ["rejects-key-pattern"],
    make: () => ({
      knows(token) {
        try {
          return this.keys.some((key) => new RegExp(`^${token}$`).test(key));
        } catch {
          return false;
        }
      },
    }),
  },
  {
    mistake: "selects keys with LIKE",
    caught: ["rejects-key-pattern"],
    make: () => ({
      knows(token) {
        const escaped = token.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
        const like = new RegExp(`^${escaped.replaceAll("%", ".*").replaceAll("_", ".")}$`, "s");
        return this.keys.some((key) => like.test(key));
      },
    }),
  },
  {
    mistake: "takes * for any key",
    caught: ["rejects-placeholder-key"],
    make: () => ({
      knows(token) {
        return token === "*" || this.keys.includes(token);
      },
    }),
  },
  {
    mistake: "scans a cache for the presented key",
    caught: ["rejects-key-pattern", "rejects-placeholder-key"],
    make: () => ({
      knows(token) {
        const glob = new RegExp(`^${token.replace(/[.+^${}()|\\%]/g, "\\$&").replaceAll("*", ".*")}$`);
        return this.keys.some((key) => glob.test(key));
      },
    }),
  },
  {
    mistake: "puts the key into its SQL",
    caught: ["rejects-key-pattern"],
    make: () => ({
      knows(token) {
        // WHERE secret = '<token>'
        const [, first, ...others] = /^([^']*)'OR'([^']*)'='([^']*)$/i.exec(token) ?? [];
        return others.length === 2 ? others[0] === others[1] : this.keys.includes(first ?? token);
      },
    }),
  },
  {
    mistake: "still accepts what is stored, since keys were not hashed at first",
    caught: ["rejects-digest-of-key"],
    options: { key: new Secret(OPAQUE) },
    make: () => ({
      keys: [OPAQUE],
      knows(token) {
        const stored = this.keys.map(sha256);
        return stored.includes(token) || stored.includes(sha256(token));
      },
    }),
  },
  {
    mistake: "accepts a digest in the format of its store",
    caught: ["rejects-digest-of-key"],
    make: () => ({
      knows(token) {
        const digest = token.startsWith("sha256:") ? token : `sha256:${sha256(token)}`;
        return this.keys.some((key) => `sha256:${sha256(key)}` === digest);
      },
    }),
  },
  {
    mistake: "compares what its list of keys shows",
    caught: ["rejects-changed-key"],
    make: () => ({ keys: [OPAQUE], knows: (token) => token.length === OPAQUE.length && mask(token) === mask(OPAQUE) }),
    options: { key: new Secret(OPAQUE) },
  },
  {
    mistake: "stores the id and the checksum of a key, and compares those",
    caught: ["rejects-changed-key"],
    make: () => ({
      knows(token) {
        const shown = (key: string): string => `${key.slice(0, -49)}${key.slice(-6)}`;
        return this.keys.some((key) => key.length === token.length && shown(key) === shown(token));
      },
    }),
  },
  {
    mistake: "adds up the differences of characters instead of collecting them",
    caught: ["rejects-changed-key"],
    make: () => ({
      keys: [OPAQUE],
      knows: (token) =>
        token.length === OPAQUE.length &&
        Array.from(token, (_, i) => token.charCodeAt(i) - OPAQUE.charCodeAt(i)).reduce((sum, one) => sum + one, 0) ===
          0,
    }),
    options: { key: new Secret(OPAQUE) },
  },
  {
    mistake: "overwrites the difference of each character by the next",
    caught: ["rejects-changed-key"],
    make: () => ({
      knows(token) {
        return this.keys.some((key) => {
          let difference = key.length ^ token.length;
          for (let i = 0; difference === 0 && i < key.length; i++) {
            difference = i < key.length - 1 ? 0 : key.charCodeAt(i) ^ token.charCodeAt(i);
          }
          return difference === 0;
        });
      },
    }),
  },
  {
    mistake: "compares keys as numbers",
    caught: ["rejects-changed-key", "rejects-truncated-key", "rejects-extended-key", "rejects-key-in-other-case"],
    make: () => ({ keys: [NUMBERED], knows: (token) => parseInt(token, 10) === parseInt(NUMBERED, 10) }),
    options: { key: new Secret(NUMBERED) },
  },
  {
    mistake: "hashes the first 72 bytes of a longer key",
    caught: ["rejects-changed-key", "rejects-extended-key"],
    make: () => ({ keys: [LONG], knows: (token) => sha256(token.slice(0, 72)) === sha256(LONG.slice(0, 72)) }),
    options: { key: new Secret(LONG) },
  },
  {
    mistake: "normalizes Unicode before it compares",
    caught: ["rejects-key-in-other-case"],
    make: () => ({
      knows(token) {
        return this.keys.includes(Buffer.from(token, "latin1").toString().normalize("NFKC"));
      },
    }),
  },
  {
    mistake: "starts with the default of its product next to its own key",
    caught: ["rejects-default-key"],
    make: () => ({
      knows(token) {
        return ["sk-1234", ...this.keys].includes(token);
      },
    }),
  },
  {
    mistake: "kept the token of development",
    caught: ["rejects-default-key"],
    make: () => ({
      knows(token) {
        return token === "dev-token-123" || this.keys.includes(token);
      },
    }),
  },
  {
    mistake: "passes the query of the URL to its database",
    caught: ["rejects-bogus-key-elsewhere", "rejects-key-in-query"],
    make: () => ({
      isGuarded({ url = "" }) {
        const query = new URLSearchParams(url.split("?")[1]);
        if (this.keys.includes(query.get("api_key") ?? "")) return false;
        const other = query.get("api_key[$ne]");
        return other === null || this.keys.every((key) => key === other);
      },
    }),
  },
  {
    mistake: "knows a key by the digits that it starts with",
    caught: ["rejects-truncated-key"],
    make: () => ({
      keys: [NUMBERED],
      knows: (token) => token === NUMBERED || Number(token) === parseInt(NUMBERED, 10),
    }),
    options: { key: new Secret(NUMBERED) },
  },
];
