/** Defined by `scripts/build.js`, and for the tests by `vitest.config.ts`. */
declare const __VERSION__: string | undefined;

/** The version in `package.json`, for example `0.1.0`. */
export const packageVersion: string = typeof __VERSION__ === "string" ? __VERSION__ : "0.0.0";
