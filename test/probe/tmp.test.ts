import { test } from "vitest";
import { createFixture } from "../server/fixture.ts";
import { startSdkServer } from "../servers/sdk.ts";
import { guardNode } from "../../src/server/node/guard-node.ts";
import { CORRECT_SERVERS } from "./servers/correct.ts";
import { startServer } from "./servers/configurable-server.ts";
import { probeAt } from "./servers/probing.ts";
import { SECOND_TOKEN, TOKEN } from "./verify/verifying.ts";
import { Secret } from "../../src/core/secret.ts";
const per = (r: any) => r.findings.filter((f: any) => /every|proxy/.test(f.id)).map((f: any) => `${f.status} ${f.id}: ${f.observed} (${f.ms})`).join("\n");
test("x", async () => {
  for (const c of CORRECT_SERVERS) {
    const server = await (c.start?.() ?? startServer([TOKEN.reveal(), SECOND_TOKEN.reveal()], c.make?.()));
    const report = await probeAt(server.url, c.options);
    console.log(c.kind, report.sent, report.grade, report.findings.filter((f) => f.status === "fail").map((f) => f.id + f.observed));
    if (/both eras|HTTP.SSE|with sessions|every other path/.test(c.kind)) console.log(per(report));
    await server.close();
  }
}, 100000);
test("sdk", async () => {
  for (const kind of ["v1-stateless", "v2-dual"] as any[]) {
    const { verifier, issue } = await createFixture();
    const [key, second] = [await issue("ci"), await issue("other")];
    const s = await startSdkServer(kind, { guard: guardNode(verifier) }).catch((e) => (console.log(kind, String(e)), null));
    if (!s) continue;
    const report = await probeAt(s.url, { key: new Secret(key), secondKey: new Secret(second) });
    console.log(kind, report.sent, report.grade);
    console.log(per(report));
    await s.close();
  }
}, 100000);
