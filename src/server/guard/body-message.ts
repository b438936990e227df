import { isObject } from "../../core/type-guards.ts";
import type { RequestView } from "./request-view.ts";

/** The parts of a JSON-RPC message that the guard decides by. */
export interface BodyMessage {
  /** `null` in a response. */
  readonly method: string | null;
  /** The tool that the message calls, or `null`. */
  readonly tool: string | null;
}

const CALL = "tools/call";
const METHODS: readonly string[] = [CALL, "tools/list"];

/**
 * Reads a JSON-RPC message. Returns `null` if servers could read it in different ways: a method or tool name that is no string,
 * since `tools[["wipe"]]` is `tools.wipe` in JavaScript, or a method or member that differs from the expected one only by case,
 * whitespace or invisible characters.
 */
export function readMessage(message: unknown): BodyMessage | null {
  if (!isObject(message) || !hasClearMembers(message, ["method", "params"])) return null;
  const { method, params } = message;
  if (method === undefined) return { method: null, tool: null };
  if (typeof method !== "string" || (!METHODS.includes(method) && METHODS.includes(foldText(method)))) return null;
  if (method !== CALL) return { method, tool: null };
  if (!isObject(params) || !hasClearMembers(params, ["name"]) || typeof params["name"] !== "string") return null;
  return { method, tool: params["name"] };
}

function hasClearMembers(object: Readonly<Record<string, unknown>>, members: readonly string[]): boolean {
  return Object.keys(object).every(
    // Copied to another object, a member `__proto__` would add the members of its value.
    (name) => name !== "__proto__" && (members.includes(name) || !members.includes(foldText(name))),
  );
}

/**
 * Tests whether `Mcp-Method` and `Mcp-Name`, if sent, name what the body calls: a proxy or server may decide by either.
 * @see MCP 2026-07-28, Streamable HTTP, Standard MCP Request Headers
 */
export function agreesWithHead(messages: readonly BodyMessage[], view: RequestView): boolean {
  const method = view.header("mcp-method");
  if (method !== null && (messages.length === 0 || messages.some((message) => message.method !== method))) return false;
  const name = view.header("mcp-name");
  return name === null || messages.every(({ tool }) => tool === null || tool === decodeName(name));
}

/** Decodes `=?base64?…?=`, which carries names that are not plain ASCII. Returns `null` if it is invalid. */
function decodeName(value: string): string | null {
  const encoded = /^=\?base64\?(.*)\?=$/.exec(value)?.[1];
  if (encoded === undefined) return value;
  try {
    const bytes = Uint8Array.from(atob(encoded), (char) => char.charCodeAt(0));
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** How deep the members that decide about a call are: a batch, its messages, their `params`. */
const DEPTH = 3;

/**
 * Tests whether an object in the upper three levels has the same member twice. JSON parsers disagree about the one that counts.
 * @param json - valid JSON
 * @see RFC 8259 section 4
 */
export function hasDuplicateMembers(json: string): boolean {
  /** The members of the open object on each level, `null` for an array. */
  const open: (Set<string> | null)[] = [];
  let depth = 0;
  for (let at = 0; at < json.length; at++) {
    const char = json[at];
    if (char === "{" || char === "[") {
      if (depth < DEPTH) open[depth] = char === "{" ? new Set() : null;
      depth++;
    } else if (char === "}" || char === "]") {
      depth--;
    } else if (char === '"') {
      const end = findEnd(json, at);
      const members = depth > 0 && depth <= DEPTH ? (open[depth - 1] ?? null) : null;
      if (members !== null && isFollowedByColon(json, end)) {
        const text = json.slice(at, end);
        const name = text.includes("\\") ? (JSON.parse(text) as string) : text.slice(1, -1);
        if (members.has(name)) return true;
        members.add(name);
      }
      at = end - 1;
    }
  }
  return false;
}

/** Returns the index after the string that starts at `start`. */
function findEnd(json: string, start: number): number {
  let quote = json.indexOf('"', start + 1);
  while (isEscaped(json, quote)) quote = json.indexOf('"', quote + 1);
  return quote + 1;
}

function isEscaped(json: string, quote: number): boolean {
  let first = quote;
  while (json[first - 1] === "\\") first--;
  return (quote - first) % 2 === 1;
}

function isFollowedByColon(json: string, end: number): boolean {
  let at = end;
  while (json[at] === " " || json[at] === "\n" || json[at] === "\r" || json[at] === "\t") at++;
  return json[at] === ":";
}

/** Whitespace, control characters, unassigned code points, and characters that are not shown. */
const INVISIBLE = /[\s\p{C}\p{Default_Ignorable_Code_Point}]/gu;

/**
 * Removes the differences that a server may ignore when it compares names: case, Unicode form, whitespace and invisible
 * characters. Two names with the same result may be one name to a server.
 */
export function foldText(text: string): string {
  const visible = text.replace(INVISIBLE, "").normalize("NFKD");
  return visible.toUpperCase().toLowerCase().normalize("NFKD").replace(INVISIBLE, "");
}
