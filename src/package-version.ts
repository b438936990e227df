/** Set by `scripts/build.js`, and by `vitest.config.ts` for the tests. */
declare const __VERSION__: string | undefined;

/** The version of this package as its `package.json` has it, such as `0.1.0`. */
export const packageVersion: string = typeof __VERSION__ === "string" ? __VERSION__ : "0.0.0";
