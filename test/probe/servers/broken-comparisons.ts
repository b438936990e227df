import { Secret } from "../../../src/core/secret.ts";
import { parseToken } from "../../../src/core/token.ts";
import type { Broken } from "./broken.ts";

const OPAQUE = "sk-live-0a1B2c3D4e5F6g7H8i9J0k1L";

/** Servers that compare a key with theirs, and do it wrong. */
export const BROKEN_COMPARISONS: readonly Broken[] = [
  {
    mistake: "looks only at the form of a key",
    caught: ["rejects-bogus-key"],
    make: () => ({
      knows: (token) => /^[a-z]+_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}$/.test(token),
    }),
  },
  {
    mistake: "takes a checksum that fits for a proof",
    caught: ["rejects-bogus-key"],
    make: () => ({ knows: (token) => parseToken(token).ok }),
  },
  {
    mistake: "looks only at the prefix of a key",
    caught: ["rejects-bogus-key"],
    make: () => ({ keys: [OPAQUE], knows: (token) => token.startsWith("sk-live-") }),
    options: { key: new Secret(OPAQUE) },
  },
  {
    mistake: "looks only at the length of a key",
    caught: ["rejects-bogus-key"],
    make: () => ({ keys: [OPAQUE], knows: (token) => token.length === OPAQUE.length }),
    options: { key: new Secret(OPAQUE) },
  },
  {
    mistake: "finds a key by its id and forgets the secret",
    caught: ["rejects-wrong-secret"],
    make: () => ({
      knows(token) {
        return this.keys.some((key) => key.split("_")[1] === token.split("_")[1]);
      },
    }),
  },
  {
    mistake: "finds a key by its secret, whatever its id",
    caught: ["rejects-wrong-id"],
    make: () => ({
      knows(token) {
        return parseToken(token).ok && this.keys.some((key) => key.slice(-49, -6) === token.slice(-49, -6));
      },
    }),
  },
  {
    mistake: "compares a part of the key",
    caught: ["rejects-changed-key"],
    make: () => ({
      knows(token) {
        return this.keys.some((key) => key.length === token.length && token.startsWith(key.slice(0, 40)));
      },
    }),
  },
  {
    mistake: "compares a part of an opaque key",
    caught: ["rejects-changed-key"],
    make: () => ({
      keys: [OPAQUE],
      knows: (token) => token.length === OPAQUE.length && token.startsWith(OPAQUE.slice(0, 20)),
    }),
    options: { key: new Secret(OPAQUE) },
  },
  {
    mistake: "asks whether its key begins with the one it was shown",
    caught: ["rejects-truncated-key"],
    make: () => ({
      knows(token) {
        return this.keys.some((key) => key.startsWith(token));
      },
    }),
  },
  {
    mistake: "asks whether the list of its keys holds what it was shown",
    caught: ["rejects-truncated-key"],
    make: () => ({
      knows(token) {
        return this.keys.join(",").includes(token);
      },
    }),
  },
  {
    mistake: "asks whether what it was shown begins with its key",
    caught: ["rejects-extended-key"],
    make: () => ({
      knows(token) {
        return this.keys.some((key) => token.startsWith(key));
      },
    }),
  },
  {
    mistake: "asks whether what it was shown holds its key",
    caught: ["rejects-extended-key"],
    make: () => ({
      knows(token) {
        return this.keys.some((key) => token.includes(key));
      },
    }),
  },
  {
    mistake: "compares up to the length of the shorter one",
    caught: ["rejects-truncated-key", "rejects-extended-key"],
    make: () => ({
      knows(token) {
        return this.keys.some((key) => [...token].every((c, i) => i >= key.length || c === key[i]));
      },
    }),
  },
  {
    mistake: "compares keys in small letters",
    caught: ["rejects-key-in-other-case"],
    make: () => ({
      knows(token) {
        return this.keys.some((key) => key.toLowerCase() === token.toLowerCase());
      },
    }),
  },
  {
    mistake: "compares with a variable that is not set",
    caught: ["rejects-placeholder-key"],
    make: () => ({
      knows(token) {
        const unset: string | undefined = undefined;
        return [...this.keys, String(unset)].includes(token);
      },
    }),
  },
  {
    mistake: "kept the key of an example",
    caught: ["rejects-placeholder-key"],
    make: () => ({
      knows(token) {
        return [...this.keys, "changeme"].includes(token);
      },
    }),
  },
  {
    mistake: "takes the empty end of its list of keys for a key",
    caught: ["rejects-empty-bearer"],
    make: () => ({
      isGuarded({ headers: { authorization = "none" } }) {
        const known = `${this.keys.join(",")},`.split(",");
        return !known.includes(authorization.replace(/^Bearer */i, "")) || authorization.length > "Bearer ".length;
      },
    }),
  },
];
