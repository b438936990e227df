import { isObject } from "../../core/type-guards.ts";
import { foldText } from "./fold-text.ts";

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
