/** One challenge of a `WWW-Authenticate` header. */
export interface Challenge {
  /** Lowercase. */
  readonly scheme: string;
  /** Lowercase name → unquoted value. Empty if the scheme has no parameters, or only a token68. */
  readonly parameters: ReadonlyMap<string, string>;
}

const NAME = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const TEXT = String.raw`(?:[\t !#-[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*`;
/** End of a list element. */
const END = String.raw`[ \t]*(?:,[ \t,]*|$)`;

const COMMAS = /[ \t,]*/y;
const LONE_SCHEME = new RegExp(`(${NAME})${END}`, "y");
const SCHEME = new RegExp(`(${NAME}) +`, "y");
const TOKEN68 = new RegExp(`[0-9A-Za-z._~+/-]+=*${END}`, "y");
const PARAMETER = new RegExp(String.raw`(${NAME})[ \t]*=[ \t]*(?:(${NAME})|"(${TEXT})")${END}`, "y");

/**
 * Parses the challenges of a `WWW-Authenticate` header. Several headers are joined by commas.
 * @returns `null` if the header violates the grammar: an unescaped quote, a missing comma, a repeated parameter.
 * @see RFC 9110, sections 11.2, 11.6.1 and 5.6.1 (empty list elements are ignored)
 */
export function parseChallenges(text: string): Challenge[] | null {
  const challenges: Challenge[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found !== null) at = pattern.lastIndex;
    return found;
  };

  take(COMMAS);
  while (at < text.length) {
    const lone = take(LONE_SCHEME);
    const scheme = lone ?? take(SCHEME);
    if (scheme === null) return null;
    const parameters = lone !== null || take(TOKEN68) !== null ? new Map<string, string>() : takeParameters(take);
    if (parameters === null) return null;
    challenges.push({ scheme: (scheme[1] ?? "").toLowerCase(), parameters });
  }
  return challenges.length === 0 ? null : challenges;
}

/** Takes at least one parameter, each at most once. */
function takeParameters(take: (pattern: RegExp) => RegExpExecArray | null): Map<string, string> | null {
  const parameters = new Map<string, string>();
  for (let found = take(PARAMETER); found !== null; found = take(PARAMETER)) {
    const [, rawName = "", token, quoted = ""] = found;
    const name = rawName.toLowerCase();
    if (parameters.has(name)) return null;
    parameters.set(name, token ?? quoted.replace(/\\(.)/gs, "$1"));
  }
  return parameters.size === 0 ? null : parameters;
}
