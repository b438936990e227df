import { expect, test } from "vitest";
import { openParts } from "../../src/stores/keychain/parts.ts";
import { BIN, runProcess } from "../e2e/process.ts";
import { aSecretService, needSecretService } from "../stores/keychain/service.ts";
import type { SecretService, ServiceState } from "../stores/keychain/service.ts";

needSecretService();

interface Report {
  readonly findings: readonly { id: string; status: string; observed: string; fix?: string }[];
}

/** The built CLI on a Secret Service of its own. */
async function start(state: ServiceState) {
  const service = await aSecretService(state);
  const run = (...args: string[]) =>
    runProcess(process.execPath, [BIN, ...args, "--store", "keychain:"], { env: service.env });
  const doctor = async (...args: string[]) => {
    const at = performance.now();
    const { status, stdout, stderr } = await run("doctor", "--json", ...args);
    const { findings } = JSON.parse(stdout) as Report;
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

test("an open keychain passes, with its engine; what a crash has left is found, and removed when that is said", async () => {
  const { service, run, doctor } = await start("unlocked");
  expect((await run("generate", "ci")).status).toBe(0);
  const well = await doctor();
  expect(well).toMatchObject({
    status: 0,
    findings: [{ status: "pass", observed: expect.stringContaining("keyring") }],
  });
  await leaveItems(service, 2);
  const left = await doctor();
  expect(left.status).toBe(0);
  expect(left.findings[1]).toMatchObject({ status: "warn", observed: expect.stringContaining("2 items") });
  expect(left.findings[1]?.fix).toBe("mcp-keys doctor --remove-orphans");
  const mended = await doctor("--remove-orphans");
  expect(mended).toMatchObject({ status: 0, findings: [{ status: "pass" }] });
  expect(mended.stderr).toContain("removed 2 items");
  const { stdout } = await run("list");
  expect(stdout).toContain("ci");
});

test.each<[state: ServiceState, observed: string]>([
  ["locked", "locked"],
  ["empty", ""],
  ["none", "unavailable"],
])(
  "a keychain that cannot be used (%s) is a failure of the store, with a mend, within seconds",
  async (state, observed) => {
    const { doctor } = await start(state);
    const { status, findings, ms } = await doctor();
    expect(status).toBe(6);
    expect(findings).toMatchObject([{ status: "fail", observed: expect.stringContaining(observed) }]);
    expect(findings[0]?.fix?.length).toBeGreaterThan(20);
    expect(ms).toBeLessThan(15_000);
  },
);

test("a service that hangs is a failure within seconds", async () => {
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
