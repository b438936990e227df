import { createInterface } from "node:readline";
import { createKeys } from "../../../src/keys/keys.ts";
import { openFileStore } from "../../../src/stores/file.ts";

/**
 * Issues, rotates, finishes and revokes keys of a file store without a pause until its stdin ends. Prints `valid <token>` for
 * each delivered token. Before it ends a token, it prints `ending <token>` and waits for a line; afterwards `ended <token>`.
 */

const [path = "", names = "4"] = process.argv.slice(2);
const store = await openFileStore(path, { env: {}, uid: process.getuid?.() ?? null, dataDir: null });
const keys = createKeys({ store, by: "rotating", peppers: [] });
const acknowledged = createInterface(process.stdin)[Symbol.asyncIterator]();
const report = (word: string, token: string) => process.stdout.write(`${word} ${token}\n`);

/** Name → its valid tokens, the newest last. */
const working = new Map<string, string[]>();
let more = 10_000;

async function end(tokens: readonly string[], act: () => Promise<unknown>): Promise<void> {
  for (const token of tokens) {
    report("ending", token);
    if ((await acknowledged.next()).done === true) more = 0;
  }
  if (more === 0) return;
  await act();
  for (const token of tokens) report("ended", token);
}

async function generate(name: string): Promise<void> {
  const token = (await keys.generate({ name, expiresAt: null })).token.reveal();
  working.set(name, [token]);
  report("valid", token);
}

for (let i = 0; i < Number(names); i++) await generate(`key-${i}`);
for (let i = Number(names); more-- > 0; i++) {
  const [name = "", tokens = []] = [...working][i % working.size] ?? [];
  if (tokens.length > 1) {
    await end(tokens.slice(0, -1), () => keys.finish(name, { force: true }));
    working.set(name, tokens.slice(-1));
  } else if (i % 5 === 0) {
    await end(tokens, () => keys.revoke(name));
    working.delete(name);
    await generate(`key-${i}`);
  } else {
    const deliver = async (issued: { token: { reveal(): string } }) => {
      tokens.push(issued.token.reveal());
      report("valid", issued.token.reveal());
    };
    await keys.rotate(name, { overlap: 3600, deliver });
  }
}
await store.close();
