import type { Broken } from "./broken.ts";

/** Servers that let somebody in who should stay out. */
export const BROKEN_DOORS: readonly Broken[] = [
  {
    mistake: "answers 404 to everything",
    caught: ["reachable"],
    make: () => ({ knowsPath: () => false }),
  },
  {
    mistake: "forgot the key",
    caught: ["lets-key-in"],
    make: () => ({ knows: () => false }),
  },
  {
    mistake: "lets anybody in who shows nothing",
    caught: ["refuses-no-key"],
    make: () => ({
      isGuarded: (request) => request.headers.authorization !== undefined,
    }),
  },
  {
    mistake: "looks only at the form of a key",
    caught: ["refuses-bogus-key"],
    make: () => ({
      knows: (token) => /^[a-z]+_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}$/.test(token),
    }),
  },
];
