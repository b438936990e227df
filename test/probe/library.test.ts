import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { KeysError, probe } from "../../src/index.ts";
import { startServer } from "./servers/configurable-server.ts";
import { during, TOKEN } from "./verify/verifying.ts";

const FEW = ["requires-key", "rejects-bogus-key"];
const DIST = join(import.meta.dirname, "../../dist/index.js");

test("probe reports on a server with the network and clock of this machine", async () => {
  const { url } = await during(startServer([TOKEN.reveal()]));
  const found: string[] = [];
  const report = await probe({ url, key: TOKEN.reveal(), only: FEW, onFinding: ({ id }) => found.push(id) });
  expect(report).toMatchObject({ ok: true, proven: true, result: "partial", counts: { pass: 2 } });
  expect(found).toEqual(FEW);
  expect(JSON.stringify(report)).not.toContain(TOKEN.reveal());
});

test("probe takes another header and rejects invalid options", async () => {
  const { url } = await during(
    startServer([TOKEN.reveal()], {
      tokenOf: ({ headers }) => String(headers["x-api-key"] ?? ""),
      readKey(request) {
        return this.tokenOf(request) === "" ? "none" : this.knows(this.tokenOf(request)) ? "valid" : "wrong";
      },
    }),
  );
  await expect(probe({ url, key: TOKEN, only: FEW })).resolves.toMatchObject({ ok: false, result: "inconclusive" });
  await expect(probe({ url, key: TOKEN, only: FEW, header: "X-API-Key" })).resolves.toMatchObject({ ok: true });
  await expect(probe({ url, key: TOKEN, header: "Host" })).rejects.toMatchObject({ code: "USAGE" });
  await expect(probe({ url, key: TOKEN, only: ["nothing"] })).rejects.toBeInstanceOf(KeysError);
  await expect(probe({ url: "http://192.0.2.1/mcp", key: TOKEN })).rejects.toMatchObject({
    code: "INSECURE_TRANSPORT",
  });
  const signal = AbortSignal.abort();
  await expect(probe({ url, key: TOKEN, signal })).rejects.toMatchObject({ code: "INTERRUPTED" });
});

test("the bundle exports probe, and the process exits afterwards", async () => {
  const { url } = await during(startServer([TOKEN.reveal()]));
  const script = `
    const { probe } = await import(${JSON.stringify(DIST)});
    const { ok, findings } = await probe({ url: ${JSON.stringify(url)}, key: process.env.KEY, only: ${JSON.stringify(FEW)} });
    console.log(JSON.stringify([ok, findings.map(({ status }) => status)]));`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], {
    env: { KEY: TOKEN.reveal() },
    timeout: 20_000,
  });
  expect(JSON.parse(stdout)).toEqual([true, ["pass", "pass"]]);
});
