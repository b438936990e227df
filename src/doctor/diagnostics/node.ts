import type { Diagnostic } from "../finding.ts";

/** As `engines` in package.json has it. */
const FLOOR = [20, 17] as const;

export const node: Diagnostic = {
  about: "the version of Node.js",
  exit: 2,
  async run({ node: version }) {
    const [major = 0, minor = 0] = version.replace(/^v/, "").split(".").map(Number);
    const isOld = major < FLOOR[0] || (major === FLOOR[0] && minor < FLOOR[1]);
    const wanted = `${FLOOR.join(".")} or later`;
    if (!isOld) return [{ status: "pass", observed: `Node.js ${version}` }];
    return [
      { status: "fail", observed: `Node.js ${version}, and ${wanted} is needed`, fix: `install Node.js ${wanted}` },
    ];
  },
};
