import { expect, test } from "vitest";
import { KeysError } from "../../src/errors.ts";
import { createSink, deliverInOrder } from "../../src/sinks/sink.ts";

/** A sink that keeps what it gets, or fails with an error. */
function sinkTo(to: string, got: string[], error?: Error) {
  return createSink(to, {
    deliver: async (text) => {
      if (error !== undefined) throw error;
      got.push(`${to} ${text}`);
    },
  });
}

test("delivers each text in turn, and stops at the first failure", async () => {
  const got: string[] = [];
  const parcels = (failing: number, error: Error) =>
    ["a", "b", "c"].map((to, i) => ({
      sink: sinkTo(to, got, i === failing ? error : undefined),
      text: to.toUpperCase(),
    }));
  const failed = new KeysError("DELIVERY_FAILED", "no space", { hint: "free some" });

  await deliverInOrder(parcels(3, failed));
  expect(got.splice(0)).toEqual(["a A", "b B", "c C"]);

  await expect(deliverInOrder(parcels(0, failed))).rejects.toMatchObject({
    code: "DELIVERY_FAILED",
    message: "a: no space",
    hint: "free some",
  });
  expect(got.splice(0)).toEqual([]);

  await expect(deliverInOrder(parcels(2, failed))).rejects.toMatchObject({
    code: "DELIVERY_UNCERTAIN",
    message: "c: no space; already delivered to a and b",
  });
  expect(got.splice(0)).toEqual(["a A", "b B"]);

  await expect(deliverInOrder(parcels(0, new KeysError("DELIVERY_UNCERTAIN", "read it")))).rejects.toMatchObject({
    code: "DELIVERY_UNCERTAIN",
    message: "a: read it",
  });
});

test("a single destination keeps its error", async () => {
  const error = new KeysError("DELIVERY_FAILED", "no space");
  await expect(deliverInOrder([{ sink: sinkTo("a", [], error), text: "A" }])).rejects.toBe(error);
});
