import type { Diagnostic } from "../diagnostic.ts";

/** The same as `engines` in package.json. */
const MINIMUM = [20, 17] as const;

export const node: Diagnostic = {
  about: "the version of Node.js",
  exit: 2,
  async run({ node: version }) {
    const [major = 0, minor = 0] = version.replace(/^v/, "").split(".").map(Number);
    const isOld = major < MINIMUM[0] || (major === MINIMUM[0] && minor < MINIMUM[1]);
    if (!isOld) return [{ status: "pass", observed: `Node.js ${version}` }];
    const needed = `Node.js ${MINIMUM.join(".")} or later`;
    return [
      { status: "fail", observed: `Node.js ${version} is too old; mcp-keys needs ${needed}`, fix: `install ${needed}` },
    ];
  },
};
