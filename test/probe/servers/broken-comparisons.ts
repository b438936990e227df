import { Secret } from "../../../src/core/secret.ts";
import { parseToken } from "../../../src/core/token.ts";
import type { BrokenServer } from "./broken.ts";

const OPAQUE = "sk-live-0a1B2c3D4e5F6g7H8i9J0k1L";

/** Servers that compare keys incorrectly. */
export const BROKEN_COMPARISONS: readonly BrokenServer[] = [
  {
    mistake: "accepts every key of the right form",
    caught: ["rejects-bogus-key"],
    make: () => ({
      knows: (token) => /^[a-z]+_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}$/.test(token),
    }),
  },
  {
    mistake: "accepts every key with a correct checksum",
    caught: ["rejects-bogus-key"],
    make: () => ({ knows: (token) => parseToken(token).ok }),
  },
  {
    mistake: "accepts every key with the right prefix",
    caught: ["rejects-bogus-key"],
    make: () => ({ keys: [OPAQUE], knows: (token) => token.startsWith("sk-live-") }),
    options: { key: new Secret(OPAQUE) },
  },
  {
    mistake: "accepts every key of the right length",
    caught: ["rejects-bogus-key"],
    make: () => ({ keys: [OPAQUE], knows: (token) => token.length === OPAQUE.length }),
    options: { key: new Secret(OPAQUE) },
  },
  {
    mistake: "finds a key by its id and ignores the secret",
    caught: ["rejects-wrong-secret"],
    make: () => ({
      knows(token) {
        return this.keys.some((key) => key.split("_")[1] === token.split("_")[1]);
      },
    }),
  },
  {
    mistake: "finds a key by its secret and ignores the id",
    caught: ["rejects-wrong-id"],
    make: () => ({
      knows(token) {
        return parseToken(token).ok && this.keys.some((key) => key.slice(-49, -6) === token.slice(-49, -6));
      },
    }),
  },
  {
    mistake: "compares only the first 40 characters",
    caught: ["rejects-changed-key"],
    make: () => ({
      knows(token) {
        return this.keys.some((key) => key.length === token.length && token.startsWith(key.slice(0, 40)));
      },
    }),
  },
  {
    mistake: "compares only the first 20 characters of an opaque key",
    caught: ["rejects-changed-key"],
    make: () => ({
      keys: [OPAQUE],
      knows: (token) => token.length === OPAQUE.length && token.startsWith(OPAQUE.slice(0, 20)),
    }),
    options: { key: new Secret(OPAQUE) },
  },
  {
    mistake: "accepts a prefix of its key",
    caught: ["rejects-truncated-key"],
    make: () => ({
      knows(token) {
        return this.keys.some((key) => key.startsWith(token));
      },
    }),
  },
  {
    mistake: "searches the presented text in its list of keys",
    caught: ["rejects-truncated-key"],
    make: () => ({
      knows(token) {
        return this.keys.join(",").includes(token);
      },
    }),
  },
  {
    mistake: "accepts its key with more characters at the end",
    caught: ["rejects-extended-key"],
    make: () => ({
      knows(token) {
        return this.keys.some((key) => token.startsWith(key));
      },
    }),
  },
  {
    mistake: "accepts text that contains its key",
    caught: ["rejects-extended-key"],
    make: () => ({
      knows(token) {
        return this.keys.some((key) => token.includes(key));
      },
    }),
  },
  {
    mistake: "compares keys up to the length of the shorter one",
    caught: ["rejects-truncated-key", "rejects-extended-key"],
    make: () => ({
      knows(token) {
        return this.keys.some((key) => [...token].every((c, i) => i >= key.length || c === key[i]));
      },
    }),
  },
  {
    mistake: "ignores case when it compares keys",
    caught: ["rejects-key-in-other-case"],
    make: () => ({
      knows(token) {
        return this.keys.some((key) => key.toLowerCase() === token.toLowerCase());
      },
    }),
  },
  {
    mistake: "compares with the text of an unset variable",
    caught: ["rejects-placeholder-key"],
    make: () => ({
      knows(token) {
        const unset: string | undefined = undefined;
        return [...this.keys, String(unset)].includes(token);
      },
    }),
  },
  {
    mistake: "still accepts the example key",
    caught: ["rejects-placeholder-key"],
    make: () => ({
      knows(token) {
        return [...this.keys, "changeme"].includes(token);
      },
    }),
  },
  {
    mistake: "accepts an empty bearer",
    caught: ["rejects-empty-bearer"],
    make: () => ({
      isGuarded({ headers: { authorization = "none" } }) {
        const known = `${this.keys.join(",")},`.split(",");
        return !known.includes(authorization.replace(/^Bearer */i, "")) || authorization.length > "Bearer ".length;
      },
    }),
  },
];
