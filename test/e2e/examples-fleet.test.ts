import { expect, test } from "vitest";
import { needPostgres } from "../postgres/shared.ts";
import { EXAMPLES } from "./example.ts";
import { createProcesses, runProcess } from "./process.ts";

needPostgres();

test("fleet: three servers behind a balancer confirm each change, and the next request tells", async () => {
  const { env } = createProcesses();
  const { status, stdout, stderr } = await runProcess(process.execPath, [`${EXAMPLES}fleet/run.js`], { env });
  expect({ status, stderr }).toMatchObject({ status: 0 });
  expect(stdout).toBe(
    [
      "generate ci --wait: confirmed by 3 of 3 servers",
      "rotate ci --wait: confirmed by 3 of 3 servers",
      "rotate ci --finish --force --wait: confirmed by 3 of 3 servers",
      "revoke ci --yes: confirmed by 3 of 3 servers",
      "no server accepts the revoked key",
      "",
    ].join("\n"),
  );
}, 60_000);
