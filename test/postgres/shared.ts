import { connect as dial } from "node:net";
import { text } from "node:stream/consumers";
import { beforeEach, inject, onTestFinished } from "vitest";
import type { Site } from "./cluster.ts";
import { createDatabase } from "./database.ts";
import type { Database } from "./database.ts";
import { findPgBouncer, findPostgres } from "./programs.ts";

/** Skips the tests of this file, or of a `describe`, on machines without PostgreSQL. */
export function needPostgres({ pgBouncer = false } = {}): void {
  const missing = [
    ...(findPostgres() === null ? ["PostgreSQL 15 or later"] : []),
    ...(pgBouncer && findPgBouncer() === null ? ["PgBouncer"] : []),
  ];
  beforeEach((context) => {
    context.skip(missing.length > 0, `needs ${missing.join(" and ")}`);
  });
}

let site: Promise<Site> | undefined;

/** Returns the cluster that all tests of this run share. The first call starts it. */
export function sharedCluster(): Promise<Site> {
  return (site ??= askForCluster(inject("clusterPort")));
}

/** Creates a database on the shared cluster. It is removed after the test. */
export async function aDatabase(): Promise<Database> {
  const database = await createDatabase(await sharedCluster());
  onTestFinished(() => database.drop());
  return database;
}

async function askForCluster(port: number): Promise<Site> {
  const answer = JSON.parse(await text(dial({ port, host: "127.0.0.1" }))) as Site | { error: string };
  if ("error" in answer) throw new Error(answer.error);
  return answer;
}
