import { expect, test } from "vitest";
import { openParts } from "../../src/stores/keychain/parts.ts";
import { BIN, runProcess } from "../e2e/process.ts";
import { aSecretService, needSecretService } from "../stores/keychain/service.ts";
import type { SecretService, ServiceState } from "../stores/keychain/service.ts";

needSecretService();

interface DoctorOutput {
  readonly findings: readonly { id: string; status: string; observed: string; fix?: string }[];
}

/** Runs the built CLI with its own Secret Service. */
async function start(state: ServiceState) {
  const service = await aSecretService(state);
  const run = (...args: string[]) =>
    runProcess(process.execPath, [BIN, ...args, "--store", "keychain:"], { env: service.env });
  const doctor = async (...args: string[]) => {
    const at = performance.now();
    const { status, stdout, stderr } = await run("doctor", "--json", ...args);
    const { findings } = JSON.parse(stdout) as DoctorOutput;
    return { status, stderr, findings: findings.filter(({ id }) => id === "keychain"), ms: performance.now() - at };
  };
  return { service, run, doctor };
}

async function leaveItems({ world }: SecretService, count: number): Promise<void> {
  const parts = openParts("keyring", { ...world, attended: true });
  for (let n = 0; n < count; n++) await parts.keychain.set({ account: `lost-${String(n)}`, value: "x" });
  parts.keychain.close();
  await parts.journal.close();
}

test("passes with an unlocked keychain, finds orphans, and removes them with --remove-orphans", async () => {
  const { service, run, doctor } = await start("unlocked");
  expect((await run("generate", "ci")).status).toBe(0);
  const healthy = await doctor();
  expect(healthy).toMatchObject({
    status: 0,
    findings: [{ status: "pass", observed: expect.stringContaining("keyring") }],
  });
  await leaveItems(service, 2);
  const left = await doctor();
  expect(left.status).toBe(0);
  expect(left.findings[1]).toMatchObject({ status: "warn", observed: expect.stringContaining("2 items") });
  expect(left.findings[1]?.fix).toBe("mcp-keys doctor --store keychain: --remove-orphans");
  const fixed = await doctor("--remove-orphans");
  expect(fixed).toMatchObject({ status: 0, findings: [{ status: "pass" }] });
  expect(fixed.stderr).toContain("removed 2 items");
  const { stdout } = await run("list");
  expect(stdout).toContain("ci");
});

test.each<[state: ServiceState, observed: string]>([
  ["locked", "the keychain is locked"],
  ["empty", "no keyring"],
  ["none", "no keychain was found"],
])("fails within seconds, with a fix, if the keychain state is %s", async (state, observed) => {
  const { doctor } = await start(state);
  const { status, findings, ms } = await doctor();
  expect(status).toBe(6);
  expect(findings).toMatchObject([{ status: "fail", observed: expect.stringContaining(observed) }]);
  expect(findings[0]?.fix?.length).toBeGreaterThan(20);
  expect(ms).toBeLessThan(15_000);
});

test("fails within seconds if the keychain service hangs", async () => {
  const { service, run, doctor } = await start("unlocked");
  await run("generate", "ci");
  const pid = await service.pid();
  process.kill(pid, "SIGSTOP");
  try {
    const { status, findings, ms } = await doctor();
    expect(status).toBe(6);
    expect(findings).toMatchObject([{ status: "fail" }]);
    expect(ms).toBeLessThan(15_000);
  } finally {
    process.kill(pid, "SIGCONT");
  }
});
