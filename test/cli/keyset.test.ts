import { generateKeyPairSync } from "node:crypto";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { formatTime } from "../../src/core/duration.ts";
import { createCli } from "./fake-world.ts";

describe("export --keyset", () => {
  test("--keyset writes names, scopes, expiry and the end of an overlap for a server without a store", async () => {
    const { cli, clock, file } = createCli();
    const token = (await cli("generate ci --expires never --scope deploy")).stdout.trim();
    await cli("generate limited --expires 1d");
    await cli("generate off");
    await cli("disable off");
    await cli("generate gone");
    await cli("revoke gone --yes");
    await cli("rotate limited --overlap 1h");
    const { stdout, stderr } = await cli("export --keyset");
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ keyset: 1, store: `file:${file}`, seq: expect.any(Number) },
      keys: [
        { name: "ci", enabled: true, scopes: ["deploy"], versions: [{ n: 1, state: "current", expiresAt: null }] },
        { name: "limited", versions: [{ n: 1, state: "retiring", retiresAt: formatTime(clock.now + 3600) }, { n: 2 }] },
        { name: "off", enabled: false },
      ],
    });
    expect(stdout).not.toContain(token);
    expect(stderr).toBe("");
    const env = { MCP_KEYS_STORE: "env:", MCP_API_KEYSET: stdout };
    expect((await cli("check --scope deploy", { piped: token, env })).status).toBe(0);
    expect((await cli("check --scope admin", { piped: token, env })).status).toBe(4);
    expect(JSON.parse((await cli("export --keyset ci --no-names --json")).stdout).keys).toMatchObject([
      { id: expect.stringMatching(/^\w{12}$/), versions: [{ n: 1 }] },
    ]);
    expect((await cli("export --keyset ci gone")).stderr).toContain("left out gone: it is revoked");
    expect((await cli("export --keyset gone")).stderr).toContain("the keyset is empty");
    expect((await cli("export --keyset nobody")).status).toBe(3);
    const encoded = (await cli("export --keyset ci --base64url --format shell")).stdout;
    expect(encoded).toMatch(/^export MCP_API_KEYSET='[\w-]+'\n$/);
    const text = encoded.slice("export MCP_API_KEYSET='".length, -2);
    expect((await cli("list --json", { env: { ...env, MCP_API_KEYSET: text } })).stdout).toContain('"name":"ci"');
  });

  test("--sign-with signs the keyset with a private key that only its owner can read", async () => {
    const { cli } = createCli();
    await cli("generate ci");
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    const folder = await mkdtemp(join(tmpdir(), "mcp-keys-cli-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const path = join(folder, "keyset.pem");
    await writeFile(path, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
    const MCP_KEYS_KEYSET_PUBLIC_KEY = publicKey.export({ type: "spki", format: "der" }).toString("base64");
    const env = { MCP_KEYS_STORE: "env:", MCP_KEYS_KEYSET_PUBLIC_KEY };
    const { stdout } = await cli(`export --keyset --sign-with ${path}`);
    expect((await cli("list", { env: { ...env, MCP_API_KEYSET: stdout } })).stdout).toContain("ci");
    const plain = (await cli("export --keyset")).stdout;
    expect((await cli("list", { env: { ...env, MCP_API_KEYSET: plain } })).status).toBe(6);
    expect((await cli(`export --keyset --sign-with ${path}.missing`)).status).toBe(2);
    await chmod(path, 0o644);
    expect((await cli(`export --keyset --sign-with ${path}`)).status).toBe(6);
    await chmod(folder, 0o755);
    const refused = await cli(`export --keyset --sign-with ${folder}`);
    expect(refused.status).toBe(2);
    expect(refused.stderr).not.toContain("chmod");
  });

  test("refuses a key or a keyset flag without --keyset", async () => {
    const { cli } = createCli();
    for (const more of ["ci", "--no-names", "--sign-with x", "--base64url"]) {
      expect((await cli(`export ${more}`, { piped: "x" })).status).toBe(2);
    }
  });
});
