import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import type { Key } from "../core/key.ts";
import { isObject, isString } from "../core/type-guards.ts";
import { GUARDED, judgeFile } from "./file-access.ts";
import { inDataDir, parseFileLocation } from "./location.ts";
import type { StoreWorld } from "./store.ts";

/** A larger file has a checkpoint, with which the store itself reads it faster. In bytes. */
const LIMIT = 2 ** 20;

/**
 * Reads the keys of a small file store without verifying its history, which takes longer than everything else that a completion does.
 * A damaged line is skipped. For suggestions only.
 * @param spec - of any store
 * @returns `null` if the store must be opened: another kind of store, a large file, and one that may not be used
 */
export function peekKeys(spec: string, world: StoreWorld): Key[] | null {
  if (!spec.startsWith("file:")) return null;
  const { path, group } =
    spec === "file:"
      ? { path: inDataDir("keys.jsonl", world) }
      : parseFileLocation(spec.slice("file:".length), world.env);
  const text = readSmall(path, { uid: world.uid, group });
  return text === null ? null : keysIn(text);
}

function readSmall(path: string, access: Parameters<typeof judgeFile>[1]): string | null {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | GUARDED);
  } catch {
    return null;
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile() || stat.size > LIMIT || judgeFile(stat, access) !== null) return null;
    const bytes = Buffer.allocUnsafe(stat.size);
    return bytes.toString("utf8", 0, readSync(fd, bytes, 0, bytes.length, 0));
  } finally {
    closeSync(fd);
  }
}

/** Returns the last state of each key, in order of creation. */
function keysIn(text: string): Key[] {
  const keys = new Map<string, Key>();
  for (const line of text.split("\n")) {
    for (const key of keysOf(line)) keys.set(key.id, key);
  }
  return [...keys.values()];
}

function keysOf(line: string): Key[] {
  try {
    const record: unknown = JSON.parse(line);
    return isObject(record) && Array.isArray(record["keys"]) ? record["keys"].filter(isKey) : [];
  } catch {
    return [];
  }
}

/** Checks the members that a suggestion needs. A name with a control character could look like several suggestions. */
function isKey(value: unknown): value is Key {
  if (!isObject(value) || !isString(value["id"]) || !isString(value["name"]) || !/^[\w.][\w.-]*$/.test(value["name"]))
    return false;
  return Array.isArray(value["versions"]) && value["versions"].every(isObject);
}
