import { expect, test } from "vitest";
import { createKeys, createVerifier, waitForServers } from "../../src/index.ts";
import { needPostgres } from "../postgres/shared.ts";
import { Ledger } from "./ledger.ts";
import { aPostgres, open } from "./places.ts";
import { TORTURE } from "./rounds.ts";

needPostgres();

const WRITERS = 50;

test("50 writers on one key and on many lose nothing, and a server sees each change", async () => {
  const place = await aPostgres();
  const stores = await Promise.all(Array.from({ length: WRITERS }, () => open(place)));
  const writers = stores.map((store) => createKeys({ store }));
  const ledger = new Ledger();
  await ledger.record("generate", "shared", writers[0]!.generate({ name: "shared", expiresAt: null }));
  const verifier = await createVerifier({ store: await open(place) });
  const times = TORTURE ? 20 : 2;
  let updates = 0;
  const tokens: string[] = [];
  await Promise.all(
    writers.map(async (keys, w) => {
      for (let i = 0; i < times; i++) {
        const name = `key-${String(w)}-${String(i)}`;
        const made = await ledger.record("generate", name, keys.generate({ name, expiresAt: null }));
        tokens.push(made?.token.reveal() ?? "");
        await ledger.record("revoke", name, keys.revoke(name));
        // The loser of a race is told, and tries again.
        for (let tries = 0; tries < 1_000; tries++) {
          const updated = await keys
            .update("shared", { tags: { [`w${String(w)}`]: String(i) } })
            .catch((fault: unknown) => {
              expect(fault).toMatchObject({ code: "STORE_CONFLICT" });
              return null;
            });
          if (updated === null) continue;
          updates++;
          break;
        }
      }
    }),
  );
  expect(ledger.codes).toEqual([]);
  const { lagging, of } = await waitForServers(stores[0]!, await stores[0]!.position());
  expect({ lagging, of }).toEqual({ lagging: [], of: 1 });
  expect(tokens.map((token) => verifier.verify(token).ok)).not.toContain(true);
  const [shared] = (await stores[0]!.list()).filter(({ name }) => name === "shared");
  expect(updates).toBe(WRITERS * times);
  expect(shared).toMatchObject({ revision: updates + 1 });
  const ops: string[] = [];
  const seqs: number[] = [];
  for await (const { op, seq } of stores[0]!.changes(0)) {
    ops.push(op);
    seqs.push(seq);
  }
  expect(seqs).toEqual(seqs.map((_, i) => i + 1));
  expect(ops.filter((op) => op === "update")).toHaveLength(updates);
  expect(ops).toHaveLength(ledger.acknowledged + updates);
  await verifier.close();
}, 600_000);
