import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createCli } from "./fake-world.ts";

const SHARED = "4fQ8Zr2LxWm7Vt0KcB9nYs6Jd3Hg5Pa1";

/** Creates a store with the key `ci`; `both` reads it and `env:`, in this order. */
async function createTwo() {
  const env = { MCP_API_KEY: SHARED };
  const place = createCli({ env });
  const token = (await place.cli("generate ci")).stdout.trim();
  const spec = `file:${place.file}`;
  return { ...place, env, token, spec, both: `--store ${spec} --store env:` };
}

describe("--store given twice", () => {
  test("list shows the keys of both, with their store", async () => {
    const { cli, spec, both } = await createTwo();
    const ran = await cli(`list ${both}`, { columns: 200 });
    expect(ran.stdout).toMatch(new RegExp(`NAME.*STORE\\nci .*${spec}\\nenv-1 .*env:\\n`));
    expect(JSON.parse((await cli(`list --json ${both}`)).stdout)).toMatchObject({
      stores: [spec, "env:"],
      keys: [
        { store: spec, name: "ci" },
        { store: "env:", name: "env-1" },
      ],
    });
    expect(JSON.parse((await cli("list --json")).stdout)).toMatchObject({ store: spec, keys: [{ name: "ci" }] });
  });

  test("show finds a key in the first store that has it", async () => {
    const { cli, both, spec } = await createTwo();
    expect((await cli(`show env-1 ${both}`)).stdout).toMatch(/^store +env:$/m);
    expect(JSON.parse((await cli(`show ci --json ${both}`)).stdout)).toMatchObject({
      store: spec,
      key: { name: "ci" },
    });
    expect(await cli(`show other ${both}`)).toMatchObject({ status: 3 });
  });

  test("check lets the first store that knows the token decide", async () => {
    const { cli, both, token, spec } = await createTwo();
    expect((await cli(`check ${both}`, { piped: token })).stdout).toMatch(/^valid: ci .* in file:/);
    expect((await cli(`check ${both}`, { piped: SHARED })).stdout).toMatch(/^valid: env-1 .* in env:/);
    expect(await cli(`check ${both}`, { piped: `${SHARED}x` })).toMatchObject({ status: 4 });
    await cli("import shared", { piped: SHARED });
    await cli("revoke shared --yes");
    const ran = await cli(`check --json ${both}`, { piped: SHARED });
    expect(ran.status).toBe(4);
    expect(JSON.parse(ran.stdout)).toMatchObject({ ok: false, reason: "revoked", key: { name: "shared" } });
    expect(await cli(`check --store env: --store ${spec}`, { piped: SHARED })).toMatchObject({ status: 0 });
  });

  test("check leaves out a store that fails if another one knows the token, with a warning", async () => {
    const { cli, dir, token, spec } = await createTwo();
    const broken = `keyset:${join(dir, "missing.json")}`;
    const known = await cli(`check --store ${broken} --store ${spec}`, { piped: token });
    expect(known.status).toBe(0);
    expect(known.stderr).toMatch(/^warning: an earlier store was not asked: .*\(STORE_UNAVAILABLE\)/);
    const unknown = await cli(`check --json --store ${broken} --store ${spec}`, { piped: SHARED });
    expect(unknown.status).toBe(6);
    expect(JSON.parse(unknown.stderr)).toMatchObject({ error: { code: "STORE_UNAVAILABLE" } });
    expect((await cli(`list --store ${broken} --store ${spec}`)).status).toBe(6);
  });

  test("the commands in hints name the store that knows the key", async () => {
    const { cli, both, token, spec } = await createTwo();
    await cli("disable ci");
    const ran = await cli(`check ${both}`, { piped: token });
    expect(ran.stderr).toContain(`mcp-keys enable --store ${spec} ci`);
  });

  test.each([
    "generate x",
    "import x",
    "rotate ci",
    "revoke ci --yes",
    "update ci --owner ada",
    "disable ci",
    "export --keyset",
    "audit",
    "store",
    "doctor",
  ])("%s refuses two stores, and changes nothing", async (line) => {
    const { cli, both } = await createTwo();
    const before = (await cli("audit")).stdout;
    const ran = await cli(`${line} ${both} --json`, { piped: SHARED });
    expect(ran).toMatchObject({ status: 2, stdout: "" });
    expect(JSON.parse(ran.stderr)).toMatchObject({ error: { code: "USAGE", hint: expect.stringContaining("check") } });
    expect((await cli("audit")).stdout).toBe(before);
  });

  test("one before the command and one after it is one store, the later one", async () => {
    const { cli, spec } = await createTwo();
    const ran = await cli(`--store env: list --json --store ${spec}`);
    expect(JSON.parse(ran.stdout)).toMatchObject({ store: spec });
  });
});
