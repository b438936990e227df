import { expect, test } from "vitest";
import { KeysError } from "../../../src/errors.ts";
import { createFixture, until } from "../fixture.ts";

test("counts faults of the store and requests without a verdict by their code", async () => {
  const { verifier, trouble, clock, issue } = await createFixture({ maxStaleness: 10 });
  const token = await issue("ci");
  trouble.fault = new KeysError("STORE_DAMAGED", "line 1");
  await until(() => verifier.counters.faults > 1);
  clock.now += 60;
  await until(() => !verifier.ready);
  expect(() => verifier.verify(token)).toThrow(expect.objectContaining({ code: "STORE_UNAVAILABLE" }));
  const { faults, faultsByCode, unavailable, unavailableByCode } = verifier.counters;
  expect(faultsByCode).toEqual({ STORE_DAMAGED: faults });
  expect([unavailable, unavailableByCode]).toEqual([1, { STORE_UNAVAILABLE: 1 }]);
});

test("knows when a token was last accepted", async () => {
  const { verifier, clock, issue } = await createFixture();
  const token = await issue("ci");
  expect(verifier.counters.lastAcceptedAt).toBeNull();
  verifier.verify(token);
  clock.now += 5;
  verifier.verify("no token");
  expect(verifier.counters.lastAcceptedAt).toBe(clock.now - 5);
});
