/** Writes docs/performance.md from bench/results.json, which `npm run bench` writes, and from bench/reasons.js. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { format, resolveConfig } from "prettier";
import { REASONS } from "./reasons.js";

const results = new URL("results.json", import.meta.url);
const path = fileURLToPath(new URL("../docs/performance.md", import.meta.url));

/** Returns the text of the page. */
export async function formatPage({ machine, minutes, rows }) {
  const { cpu, cores, memory, os, node, date, load } = machine;
  const line = (cells) => `| ${cells.join(" | ")} |`;
  const text = `# Performance

Measured on ${date}: ${cpu}, ${cores} cores, ${memory} of memory, ${os}, Node ${node}. The load before the run was ${load}; the run took
${minutes} minutes. Repeat it with \`npm run bench\`, and write this page with \`node bench/page.js\`.

${line(["what", "peer", "ours", "ratio", "goal", "met"])}
${line(["---", "---:", "---:", "---:", "---:", "---"])}
${rows.map(({ what, peer, ours, ratio, goal, met }) => line([what, peer, ours, ratio, goal, met === null ? "" : met ? "yes" : "no"])).join("\n")}

## How to read it

- Peer and ours ran in turn, in random order. The figure is the best round of each, because other work on the machine only ever slows
  a round down.
- The ratio is ours against the peer, with the higher figure better where the goal is \`>=\` and the lower one where it is \`<=\`.
- A verdict is what a server does with an \`Authorization\` header: parse, digest, look up, judge, record the use.
- A CPU second counts the time of the server's process, not that of the client. The handler answers two bytes, so it is the worst case
  for a guard.
- \`node -e 0\` is what any program in Node takes to start and end.
- Goals do not gate a release. Figures differ by a few percent from run to run, and more between machines.

## Missed goals

${missed(rows)}`;
  return format(text, { ...(await resolveConfig(path)), filepath: path });
}

function missed(rows) {
  const all = rows.filter(({ met }) => met === false);
  if (all.length === 0) return "None in this run.\n";
  return all
    .map(({ what, ratio, ours, goal }) => `**${what}: ${ratio || ours}, goal ${goal}.** ${reasonOf(what)}\n`)
    .join("\n");
}

function reasonOf(what) {
  const [, reason = "The reason has not been looked for yet."] =
    REASONS.find(([start]) => what.startsWith(start)) ?? [];
  return reason;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(path, await formatPage(JSON.parse(readFileSync(results, "utf8"))));
}
