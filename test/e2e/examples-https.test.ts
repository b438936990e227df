import { execFileSync, spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { EXAMPLES, testExample } from "./example.ts";
import { createProcesses, runProcess } from "./process.ts";
import { startServerProcess } from "./server-process.ts";

const SERVER = `${EXAMPLES}https/server.js`;
const CLIENT = `${EXAMPLES}https/client.js`;

/** Creates a certificate authority and a certificate as the example describes; `null` without openssl. */
async function createCertificates() {
  if (spawnSync("openssl", ["version"]).status !== 0) return null;
  const folder = await mkdtemp(join(tmpdir(), "mcp-keys-tls-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  execFileSync("sh", [`${EXAMPLES}https/certificates.sh`, folder], { stdio: "pipe" });
  return {
    server: { TLS_CERT: join(folder, "server.pem"), TLS_KEY: join(folder, "server.key") },
    client: { NODE_EXTRA_CA_CERTS: join(folder, "ca.pem") },
  };
}

test("https: the server accepts the client's key, also a rotated one, and refuses everyone else", async ({ skip }) => {
  const setup = await createCertificates();
  if (setup === null) return skip("needs openssl");
  await testExample("https", setup);
});

test("https: verify and the client trust the authority only if configured", async ({ skip }) => {
  const setup = await createCertificates();
  if (setup === null) return skip("needs openssl");
  const { mcpKeys, env } = createProcesses();
  const { stdout: token } = await mcpKeys(["generate", "ci"]);
  const { url } = await startServerProcess(SERVER, { ...env, ...setup.server });
  const verify = (trust: Record<string, string>) =>
    mcpKeys(["verify", url, "--json"], { stdin: token, env: trust }).then(({ status }) => status);
  const client = (trust: Record<string, string>) =>
    runProcess(process.execPath, [CLIENT, url], { env: { ...env, ...trust, MCP_API_KEY: token.trim() } });
  const [trusted, untrusted, failed] = await Promise.all([verify(setup.client), verify({}), client({})]);
  expect({ trusted, untrusted }).toEqual({ trusted: 0, untrusted: 7 });
  expect(failed).toMatchObject({ status: 1, stderr: expect.stringMatching(/unable to verify|self-signed/) });
});

test("https: without a certificate the server only listens on this machine", async () => {
  const { env } = createProcesses();
  const refused = await runProcess(process.execPath, [SERVER], { env: { ...env, HOST: "0.0.0.0", PORT: "0" } });
  expect(refused).toMatchObject({ status: 2, stdout: "", stderr: expect.stringContaining("in the clear") });
  const { url } = await startServerProcess(SERVER, env);
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:/);
});

test("https: neither the client nor verify sends a key over plain http", async () => {
  const { mcpKeys, env } = createProcesses();
  const { stdout: token } = await mcpKeys(["generate", "ci"]);
  const { url } = await startServerProcess(SERVER, env);
  const client = runProcess(process.execPath, [CLIENT, url], { env: { ...env, MCP_API_KEY: token.trim() } });
  expect(await client).toMatchObject({ status: 1, stderr: expect.stringContaining("not sent in the clear") });

  // Every address of this machine counts as loopback, so this one is a name elsewhere, refused before it is looked up.
  const refused = await mcpKeys(["verify", "http://mcp.example.test/mcp"], { stdin: token });
  expect(refused).toMatchObject({ status: 2, stdout: expect.stringMatching(/insecure-transport[^]*--allow-http/) });
});
