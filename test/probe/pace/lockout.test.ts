import { describe, expect, test } from "vitest";
import { createHttpRequest } from "../../../src/http/client.ts";
import { ServerBehavior, startServer, type Mistake } from "../servers/configurable-server.ts";
import { probeAt } from "../servers/probing.ts";
import { during, TOKEN } from "../verify/verifying.ts";

interface Lock {
  /** Wrong keys until the client is locked out. */
  readonly after: number;
  /** Milliseconds after which the count starts again; without, it never does. */
  readonly windowMs?: number;
  /** Whether answers say how many are left. */
  readonly announces?: boolean;
  /** Answer to a client that is locked out. */
  readonly status?: number;
}

/** A correct server that locks clients out after some requests without a valid key, and counts them. */
function locking({ after, windowMs = Infinity, announces = false, status = 403 }: Lock) {
  const seen = { wrong: 0, locked: 0 };
  let start = performance.now();
  let count = 0;
  const mistake: Mistake = {
    handle(request, response) {
      const now = performance.now();
      if (now >= start + windowMs) [start, count] = [now, 0];
      if (count >= after) {
        seen.locked++;
        this.json(response, status, { error: "blocked" });
        return Promise.resolve();
      }
      if (this.readKey(request) !== "valid") {
        seen.wrong++;
        count++;
      }
      if (announces) {
        response.setHeader("x-ratelimit-remaining", String(after - count));
        if (windowMs !== Infinity) response.setHeader("x-ratelimit-reset", String((start + windowMs - now) / 1000));
      }
      return Object.getPrototypeOf(this).handle.call(this, request, response) as Promise<void>;
    },
  };
  return { seen, mistake };
}

describe.each([10, 30, 60])("a server that locks clients out after %d wrong keys", (after) => {
  test.each([
    ["with 403", 403],
    ["with 401, as for a wrong key", 401],
    ["with 503", 503],
  ])("%s is noticed at once, and nothing after that counts as proof", async (_, status) => {
    const { seen, mistake } = locking({ after, status });
    const { url } = await during(startServer([TOKEN.reveal()], mistake));
    const report = await probeAt(url);
    expect(report).toMatchObject({ ok: false, result: "inconclusive", proven: false, grade: null });
    const [, from = "", to = ""] =
      /blocked this client after (?:(\d+) to )?(\d+) requests/.exec(report.hint ?? "") ?? [];
    // The server counts a few requests as valid that have the key in another place.
    expect(Number(from || to)).toBeLessThanOrEqual(after + 10);
    expect(Number(to)).toBeGreaterThanOrEqual(after);
    expect(Number(to) - after).toBeLessThanOrEqual(30);
    expect(seen.locked).toBeLessThanOrEqual(30);
    expect(report.counts.fail + report.counts.warn).toBe(0);
    // What was proven before the lock stays proven.
    const passed = report.findings.filter(({ group, status: found }) => group === "rejection" && found === "pass");
    expect(passed.length).toBeGreaterThan(0);
    expect(passed.map(({ id }) => id)).toContain("requires-key");
  });

  test("and says so is never driven into the lock", async () => {
    const { seen, mistake } = locking({ after, announces: true });
    const { url } = await during(startServer([TOKEN.reveal()], mistake));
    const report = await probeAt(url);
    expect(seen.locked).toBe(0);
    expect(report).toMatchObject({ result: "inconclusive", proven: false });
    expect(report.hint).toMatch(
      /^the server announces only 2 more requests, and it still accepts your key; \d+ checks? of \d+ proved nothing/,
    );
    expect(report.hint).toContain(`run only these: mcp-keys test ${url} --`);
  });

  test("and counts again each second, is waited for and tested whole", async () => {
    const { seen, mistake } = locking({ after, announces: true, windowMs: 1000 });
    const { url } = await during(startServer([TOKEN.reveal()], mistake));
    const report = await probeAt(url);
    expect(seen.locked).toBe(0);
    expect(report).toMatchObject({ result: "protected", proven: true, grade: "A+" });
  }, 60_000);
});

test("a fault that lets clients in stays proven after a lockout", async () => {
  const { mistake } = locking({ after: 30 });
  const open: Mistake = { ...mistake, knows: (token) => token.startsWith(TOKEN.reveal().slice(0, 40)) };
  const { url } = await during(startServer([TOKEN.reveal()], open));
  const report = await probeAt(url);
  expect(report).toMatchObject({ result: "unprotected", proven: false });
  expect(report.findings.filter(({ status }) => status === "fail").map(({ id }) => id)).toContain(
    "rejects-changed-key",
  );
});

test("a server that crashes during the run is named as one that stopped answering", async () => {
  let wrong = 0;
  const { url } = await during(
    startServer([TOKEN.reveal()], {
      handle(request, response) {
        if (this.readKey(request) !== "valid") wrong++;
        if (wrong > 15) request.socket.destroy();
        else return ServerBehavior.prototype.handle.call(this, request, response);
        return Promise.resolve();
      },
    }),
  );
  const { hint, result } = await probeAt(url);
  expect(result).toBe("inconclusive");
  expect(hint).toMatch(
    /^the server stopped answering after \d+ to \d+ requests without a valid key \(.* closed the connection\)/,
  );
});

test("a server that refuses some wrong requests with 403 only is no lockout", async () => {
  const { url } = await during(
    startServer([TOKEN.reveal()], {
      refuse(request, response, presented) {
        const isOther = presented === "wrong" && request.headers.authorization?.endsWith("0") === true;
        this.json(
          response,
          isOther ? 403 : 401,
          {},
          { "www-authenticate": 'Bearer realm="mcp", error="invalid_token"' },
        );
      },
    }),
  );
  const report = await probeAt(url, { request: createHttpRequest() });
  expect(report.proven).toBe(true);
});

test("names the time and the command for what a rate limit left over, each check with its own reason", async () => {
  let wrong = 0;
  const { url } = await during(
    startServer([TOKEN.reveal()], {
      refuse(_, response) {
        if (++wrong > 12) this.json(response, 429, {}, { "retry-after": "59" });
        else this.json(response, 401, {}, { "www-authenticate": 'Bearer realm="mcp", error="invalid_token"' });
      },
    }),
  );
  const { hint, findings, result } = await probeAt(url, { patienceMs: 5000, command: "mcp-keys test <url>" });
  expect(result).toBe("inconclusive");
  expect(hint).toMatch(
    /^the server allows only about 1\d requests a minute, and it still accepts your key; \d+ checks of \d+ proved nothing; run only these, which takes at most \d+ minutes: mcp-keys test <url> --rate \d+\/m --(?:only|skip) [a-z0-9,-]+; or let a whole run wait, with --patience \d+m$/,
  );
  const reasons = findings.filter(({ observed }) => observed.startsWith("not reached")).map(({ observed }) => observed);
  expect(reasons.length).toBeGreaterThan(10);
  expect(new Set(reasons).size).toBeGreaterThan(3);
  expect(reasons[0]).toMatch(
    /^not reached, because the server allows only about 1\d requests a minute; it takes at most \d+ more requests?, \d+ (?:seconds?|minutes?) at that rate$/,
  );
  for (const id of ["requires-key", "rejects-bogus-key", "rejects-changed-key"]) {
    expect(findings.find((finding) => finding.id === id)).toMatchObject({ status: "pass" });
  }
});
