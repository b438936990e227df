import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createProcesses } from "./process.ts";

/** Waits until a file exists, at most 20 seconds. */
const until = (file: string) => `i=0; while [ ! -e ${file} ] && [ $i -lt 400 ]; do sleep 0.05; i=$((i+1)); done`;

async function withDestination() {
  const made = createProcesses();
  const destination = join(made.dir, "destination");
  const { stdout } = await made.mcpKeys(["generate", "ci", "--expires", "never"]);
  writeFileSync(destination, stdout.trim());
  const check = async () => (await made.mcpKeys(["check"], { stdin: readFileSync(destination, "utf8") })).status;
  const rotate = (command: string, ...flags: string[]) =>
    made.mcpKeys(["rotate", "ci", ...flags, "--to", command], {
      env: { OUT: destination, AT: made.dir },
      onStderr: (text) => text.includes("first reads") && writeFileSync(join(made.dir, "reading"), ""),
    });
  return { ...made, destination, check, rotate, reading: join(made.dir, "reading") };
}

test.each(["24h", "0s"])(
  "two rotations of one destination, overlap %s: the late one exits with 5, and the same command again finishes",
  async (overlap) => {
    const { check, rotate, reading, dir, mcpKeys } = await withDestination();
    // The first run has the token, and delivers it after the second run has ended.
    const late = `t=$(cat); echo first reads >&2; ${until('"$AT/second-ended"')}; printf %s "$t" > "$OUT"`;
    const first = rotate(late, "--overlap", overlap);
    for (let i = 0; i < 400 && !existsSync(reading); i++) await new Promise((resolve) => setTimeout(resolve, 25));
    const second = await rotate('cat > "$OUT"', "--overlap", overlap, "--run-id", "winner");
    expect(second.status).toBe(0);
    expect(second.stderr).toContain("another run may have delivered its token");
    expect(await check()).toBe(0);
    writeFileSync(join(dir, "second-ended"), "");

    const overtaken = await first;
    expect(overtaken.status).toBe(5);
    expect(overtaken.stderr).toMatch(
      /error: version 2 of ci was overtaken: version 3 was promoted since it was staged, by \S+@\S+ at \S+Z in run winner; its token still works\n/,
    );
    expect(overtaken.stderr).toContain("hint: run the same command again");
    expect(await check()).toBe(0);

    const again = await rotate('cat > "$OUT"', "--overlap", overlap, "--if-older-than", "30d");
    expect(again.status).toBe(0);
    expect(await check()).toBe(0);
    const { key } = JSON.parse((await mcpKeys(["show", "ci", "--json"])).stdout);
    expect(key.versions.at(-1)).toMatchObject({ n: 4, state: "current" });
  },
);

test("many rotations of one destination at once: it holds a working token, and one more run makes it the current one", async () => {
  const { check, rotate } = await withDestination();
  const runs = await Promise.all(Array.from({ length: 6 }, () => rotate('cat > "$OUT"', "--overlap", "0s")));
  for (const { status } of runs) expect([0, 5]).toContain(status);
  expect(runs.some(({ status }) => status === 0)).toBe(true);
  expect(await check()).toBe(0);
  expect((await rotate('cat > "$OUT"')).status).toBe(0);
  expect(await check()).toBe(0);
});

test("two `generate --replace` at once: one gets the name, the other exits with 5", async () => {
  const { mcpKeys } = createProcesses();
  await mcpKeys(["generate", "bob"]);
  await mcpKeys(["revoke", "bob", "--yes"]);
  const runs = await Promise.all(Array.from({ length: 4 }, () => mcpKeys(["generate", "bob", "--replace"])));
  expect(runs.map(({ status }) => status).sort()).toEqual([0, 5, 5, 5]);
  const { keys } = JSON.parse((await mcpKeys(["list", "--json"])).stdout);
  expect(keys.map(({ name }: { name: string }) => name).filter((name: string) => name === "bob")).toHaveLength(1);
  expect(keys).toHaveLength(2);
});
