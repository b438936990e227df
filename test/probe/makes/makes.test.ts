import { spawnSync } from "node:child_process";
import { afterAll, describe, expect, test } from "vitest";
import { exitOf, isBreach, isBroken } from "../../../src/probe/report/conclude.ts";
import { OUTCOMES, type Verification } from "../../../src/probe/verify/verification.ts";
import { verify } from "../verify/verifying.ts";
import { MAKES } from "./index.ts";
import type { MadeServer } from "./make.ts";
import { ENV } from "./programs.ts";
import { headerOf, probeMade } from "./probe-made.ts";

/** The most requests to a correct server without sessions or limits. */
const BUDGET = 160;
const figures: string[] = [];

const named = MAKES.map((make) => [make.name, make] as const);
const missing = ["nginx", "python3"].filter((program) => spawnSync(program, ["-h"], { env: ENV }).error !== undefined);

test("the makes have names of their own", () => {
  expect(new Set(MAKES.map(({ name }) => name)).size).toBe(MAKES.length);
});

describe("a correct server", { concurrent: true, timeout: 120_000 }, () => {
  afterAll(() => {
    console.log(`requests   ms  correct server (at 200 requests a second without the key)\n${figures.join("\n")}`);
  });

  test.for(named)("%s gets no false alarm", async ([, make], { skip, onTestFinished }) => {
    if (missing.includes(make.needs ?? "")) return skip(`needs ${make.needs ?? ""}`);
    const server = await make.start(false);
    onTestFinished(server.close);
    const verification = await verifyMade(server);
    expect(verification).toMatchObject({ outcome: "enforced", ok: true });

    const started = performance.now();
    const report = await probeMade(server, 200);
    const ms = Math.round(performance.now() - started);
    figures.push(`${String(report.sent.requests).padStart(8)} ${String(ms).padStart(4)}  ${make.name}`);
    expect(report.findings.filter(isBreach).map(({ id, observed }) => `${id}: ${observed}`)).toEqual([]);
    const broken = report.findings.filter(isBroken).map(({ id, observed }) => [id, observed]);
    expect(broken).toEqual(Object.keys(make.deserves ?? {}).map((id) => [id, expect.anything()]));
    expect(report).toMatchObject({ ok: true, result: "protected", grade: make.grade ?? "A+" });
    expect(exitOf(report)).toBe(0);
    if (make.unbounded !== true) expect(report.sent.requests).toBeLessThanOrEqual(BUDGET);
  });

  test.for(named)("%s is called open without its guard", async ([, make], { skip, onTestFinished }) => {
    if (missing.includes(make.needs ?? "")) return skip(`needs ${make.needs ?? ""}`);
    const server = await make.start(true);
    onTestFinished(server.close);
    const { outcome } = await verifyMade(server);
    expect({ outcome, exit: OUTCOMES[outcome] }).toEqual({ outcome: "not-enforced", exit: 8 });
    const report = await probeMade(server, 200);
    expect(report.findings.filter(isBreach).map(({ id }) => id)).toContain("requires-key");
    expect({ result: report.result, exit: exitOf(report) }).toEqual({ result: "unprotected", exit: 8 });
  });
});

function verifyMade(server: MadeServer): Promise<Verification> {
  const { url, key, request } = server;
  return verify(url, key, { header: headerOf(server), ...(request === undefined ? {} : { request }) });
}
