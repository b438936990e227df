import { expect, test } from "vitest";
import { INSPECTOR, run, type Ended } from "./programs.ts";
import { startGuarded, type Generation } from "./server.ts";

const ERAS = [
  ["v1", "legacy"],
  ["v1", "auto"],
  ["v2", "legacy"],
  ["v2", "modern"],
  ["v2", "auto"],
] as const satisfies [Generation, string][];

test.each(ERAS)("the inspector lists and calls the tools of %s with a key (%s)", async (generation, era) => {
  const { url, token, keyId } = await startGuarded(generation);
  const listed = await inspect(url, token, era, ["--method", "tools/list"]);
  expect(listed).toMatchObject({ status: 0 });
  const { tools } = JSON.parse(listed.stdout).result as { tools: { name: string }[] };
  expect(tools.map(({ name }) => name)).toEqual(expect.arrayContaining(["test_simple_text", "whoami"]));

  const called = await inspect(url, token, era, ["--method", "tools/call", "--tool-name", "whoami"]);
  expect(called).toMatchObject({ status: 0 });
  const [content] = JSON.parse(called.stdout).result.content as [{ text: string }];
  expect(JSON.parse(content.text)).toMatchObject({ clientId: keyId, extra: { keyId, keyName: "interop" } });
  expect(called.stdout).not.toContain(token);
});

test.each(ERAS)("the inspector exits with 3 on %s with a key of another server (%s)", async (generation, era) => {
  const { url, verifier } = await startGuarded(generation);
  const { token: otherToken } = await startGuarded(generation);
  expect(await inspect(url, otherToken, era, ["--method", "tools/list"])).toMatchObject({ status: 3, stdout: "" });
  expect(verifier.counters.accepted).toBe(0);
  expect(verifier.counters.refused.unknown).toBeGreaterThan(0);
});

test("the inspector exits with 3 after its key is revoked", async () => {
  const { url, token, keys, verifier } = await startGuarded("v2");
  const list = () => inspect(url, token, "auto", ["--method", "tools/list"]);
  expect(await list()).toMatchObject({ status: 0 });
  await keys.revoke("interop");
  await expect.poll(() => verifier.verify(token).ok).toBe(false);
  expect(await list()).toMatchObject({ status: 3, stdout: "" });
});

/** Other users of this machine can see the key in the arguments; it is valid only for this test. */
function inspect(url: string, token: string, era: string, what: readonly string[]): Promise<Ended> {
  return run(INSPECTOR, [
    ...["--cli", url, "--transport", "http", "--protocol-era", era, "--header", `Authorization: Bearer ${token}`],
    ...["--format", "json", ...what],
  ]);
}
