import type { Credentials } from "./mcp/credentials.ts";
import { headerOf } from "../http/http.ts";
import type { McpAnswer } from "./mcp/wire.ts";

/** An answer, and to whom. */
interface Said {
  readonly answer: McpAnswer;
  readonly to: Credentials;
}

/** Runs of characters that names of requests, times and random numbers are made of: eight or more with a digit, or a number. */
const PASSING = /(?=[\w-]*\d)[\w-]{8,}|\d+/g;

/**
 * In which part two refusals differ, or `null` when whoever gets them learns nothing that he did not send: the status, the
 * challenge, the body. Numbers and whatever was presented are not looked at.
 */
export function differenceOf(one: Said, other: Said): "status" | "challenge" | "body" | null {
  if (one.answer.status !== other.answer.status) return "status";
  if (challengeIn(one) !== challengeIn(other)) return "challenge";
  return bodyIn(one) === bodyIn(other) ? null : "body";
}

function challengeIn({ answer, to }: Said): string {
  return blank(headerOf(answer, "www-authenticate") ?? "", to);
}

function bodyIn({ answer, to }: Said): string {
  return blank(answer.excerpt, to);
}

/** Pieces of what was presented are taken out first, also cut ones, as in `unknown key mcp_7Fq2…`; not its words. */
function blank(text: string, to: Credentials): string {
  const keys = Object.values(to.headers()).flat();
  const presented = keys.map((value) => value.replace(/^\S+ +/, "")).join(" ");
  const pieces = text.replace(/\w{3,}/g, (word) => (/[0-9A-Z_]/.test(word) && presented.includes(word) ? "#" : word));
  return pieces.replace(PASSING, "#");
}
