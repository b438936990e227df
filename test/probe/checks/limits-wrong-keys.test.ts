import { expect, test } from "vitest";
import { startServer, type Mistake } from "../servers/configurable-server.ts";
import { probeAt, USUAL } from "../servers/probing.ts";
import { during, TOKEN } from "../verify/verifying.ts";

async function probe(mistake: Mistake = {}, only?: readonly string[]) {
  const { url } = await during(startServer([TOKEN.reveal()], mistake));
  const report = await probeAt(url, { only });
  return { report, finding: report.findings.find(({ id }) => id === USUAL) };
}

test("notes a server that never slows wrong keys down, and its grade stays", async () => {
  const { report, finding } = await probe();
  expect(finding).toMatchObject({ status: "info", level: "may" });
  expect(finding?.observed).toMatch(/^\d{2,} requests were refused, and none was slowed down or limited$/);
  expect(report).toMatchObject({ ok: true, grade: "A+" });
});

test("cannot tell after a few wrong keys, and sends none for it", async () => {
  const { report, finding } = await probe({}, [USUAL]);
  expect(finding).toMatchObject({ status: "untestable", observed: "the server refused no request" });
  expect(report.sent.wrong).toBe(0);
});
