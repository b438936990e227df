import { appendFile, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { KeysError } from "../../src/errors.ts";
import { sinks, type SinkName } from "../../src/sinks/index.ts";
import type { Sink } from "../../src/sinks/sink.ts";
import { freshFolder } from "./folder.ts";

const TEXT = "mcp_the_token";
const folder = freshFolder();
const arrived = (): string => join(folder.path, "arrived");

/** How to open each sink, once with its deliveries going to one file and once failing. */
const kinds: Record<SinkName, { open: () => Promise<Sink>; broken: () => Promise<Sink>; to: () => string }> = {
  stdout: {
    to: () => "stdout",
    open: () => sinks.stdout(stdout((text) => appendFile(arrived(), text))),
    broken: () => sinks.stdout(stdout(() => Promise.reject(Object.assign(new Error(TEXT), { code: "EPIPE" })))),
  },
  file: {
    to: () => `file:${arrived()}`,
    open: () => sinks.file(arrived(), { force: false, uid: null }),
    broken: () => sinks.file("/dev/full", { force: false, uid: null }),
  },
  merge: {
    to: () => `file:${arrived()}`,
    open: () => sinks.merge(arrived(), { edit: (before, text) => before + text, uid: null, warn: () => undefined }),
    broken: () => sinks.merge(arrived(), { edit: refuseToken, uid: null, warn: () => undefined }),
  },
  command: {
    to: () => `command:cat >>'${arrived()}'`,
    open: () => openCommand(`cat >>'${arrived()}'`),
    broken: () => openCommand("exit 1"),
  },
};

function refuseToken(before: string, text: string): string {
  if (text === TEXT) throw new KeysError("USAGE", "cannot edit this file");
  return before;
}

function stdout(write: (text: string) => Promise<void>, fault: string | null = null) {
  return { write, fault };
}

function openCommand(command: string): Promise<Sink> {
  return sinks.command(command, { env: process.env, signal: new AbortController().signal, terminal: false, grace: 0 });
}

describe.each(Object.keys(kinds) as SinkName[])("%s", (name) => {
  const { open, broken, to } = kinds[name];

  test("delivers the text byte for byte and returns the destination", async () => {
    const sink = await open();
    expect(sink.to).toBe(to());
    expect(await sink.deliver(`${TEXT}\n`)).toEqual({ to: to() });
    expect(await readFile(arrived(), "utf8")).toBe(`${TEXT}\n`);
  });

  test("delivers only once, and a later discard undoes nothing", async () => {
    const sink = await open();
    await sink.deliver(TEXT);
    await expect(sink.deliver(TEXT)).rejects.toMatchObject({ code: "BUG" });
    await sink.discard();
    expect(await readFile(arrived(), "utf8")).toBe(TEXT);
    expect(await readdir(folder.path)).toEqual(["arrived"]);
  });

  test("delivers nothing after a discard, and can be discarded twice", async () => {
    const sink = await open();
    await sink.discard();
    await sink.discard();
    await expect(sink.deliver(TEXT)).rejects.toMatchObject({ code: "DELIVERY_FAILED" });
    expect(await readdir(folder.path)).toEqual([]);
  });

  test("finishes a delivery in progress before discard returns", async () => {
    const sink = await open();
    const delivery = sink.deliver(TEXT);
    await sink.discard();
    expect(await readFile(arrived(), "utf8")).toBe(TEXT);
    await delivery;
  });

  test("reports a failed delivery without quoting the text", async () => {
    const sink = await broken();
    const error: unknown = await sink.deliver(TEXT).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: name === "stdout" ? "OUTPUT_FAILED" : "DELIVERY_FAILED" });
    expect(JSON.stringify(error)).not.toContain(TEXT);
    await sink.discard();
    expect(await readdir(folder.path)).toEqual([]);
  });
});

test.each([
  ["a pipe that took a short text whole or not at all", { code: "EPIPE" }, 512, "OUTPUT_FAILED"],
  ["a pipe that may have taken a part of a long text", { code: "EPIPE" }, 5_000, "DELIVERY_UNCERTAIN"],
  ["a file that took nothing", { code: "ENOSPC", written: 0 }, 5_000, "OUTPUT_FAILED"],
  ["a file that took a part", { code: "ENOSPC", written: 40 }, 60, "DELIVERY_UNCERTAIN"],
])("a failed write to stdout: %s", async (_, fault, size, code) => {
  const sink = await sinks.stdout(stdout(() => Promise.reject(Object.assign(new Error("broken"), fault))));
  await expect(sink.deliver("x".repeat(size))).rejects.toMatchObject({ code });
});

test("does not open stdout if the token would be lost there", async () => {
  await expect(sinks.stdout(stdout(() => Promise.resolve(), "standard output is closed"))).rejects.toMatchObject({
    code: "OUTPUT_FAILED",
    message: "standard output is closed",
  });
});
