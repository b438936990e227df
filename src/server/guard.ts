import { parseAudience, parseScope } from "../core/generate.ts";
import type { Verdict } from "../core/judge.ts";
import { KeysError } from "../errors.ts";
import { createAuthInfo, type AuthInfo } from "./auth-info.ts";
import { challenge, type Answer, type Denial } from "./challenge.ts";
import { checkOptionNames } from "./options.ts";
import { presentToken, type RequestView } from "./present.ts";
import type { Asked, Verifier } from "./verifier.ts";

/** What a guard asks of each request. */
export interface GuardOptions {
  /** Scopes that the key must have, all of them. None by default. */
  readonly scopes?: readonly string[];
  /** The URL of the server, in place of the verifier's: keys bound to others are refused. */
  readonly audience?: string;
  /** The protection space named in challenges; `mcp` by default. */
  readonly realm?: string;
  /** A header that may hold the token alone, such as `X-API-Key`, beside `Authorization: Bearer`. None by default. */
  readonly apiKeyHeader?: string;
}

/** What became of a request: let in, with who it is, or the response to send. */
export type Admission =
  { readonly ok: true; readonly auth: AuthInfo } | { readonly ok: false; readonly answer: Answer };

/** A guard without a framework. */
export interface Guard {
  /** In lower case; empty when there is none. */
  readonly apiKeyHeader: string;
  /** Never throws and never rejects: what goes wrong inside is an answer too. A promise only when memory is out of date. */
  admit(view: RequestView): Admission | Promise<Admission>;
}

/** @throws {@link KeysError} `USAGE` for an option that is unknown or makes no sense */
export function createGuard(verifier: Verifier, options: GuardOptions): Guard {
  checkOptionNames("the guard", options, ["scopes", "audience", "realm", "apiKeyHeader"]);
  const scopes = (options.scopes ?? []).map(parseScope);
  const audience = options.audience === undefined ? undefined : parseAudience(options.audience);
  const asked: Asked = { scopes, ...(audience !== undefined && { audience }) };
  const told = { realm: checkRealm(options.realm ?? "mcp"), scopes };
  const apiKeyHeader = checkHeader(options.apiKeyHeader);

  const deny = (denial: Denial): Admission => ({ ok: false, answer: challenge(denial, told) });

  const settle = (verdict: Verdict): Admission =>
    verdict.ok ? { ok: true, auth: createAuthInfo(verdict.key, verdict.version) } : deny(verdict.reason);

  const decide = (view: RequestView): Admission => {
    const presented = presentToken(view, apiKeyHeader !== "");
    if (presented.ok) return settle(verifier.verify(presented.token, asked));
    verifier.refuse(presented.denial === "ambiguous" ? "malformed" : presented.denial, presented.why);
    return deny(presented.denial);
  };

  // In a process that was frozen memory is old, though nothing is wrong: it looks once before it gives up.
  const decideAgain = async (view: RequestView, cause: unknown): Promise<Admission> => {
    await verifier.refresh();
    if (!verifier.ready) return deny(asFault(cause));
    try {
      return decide(view);
    } catch (again) {
      return deny(asFault(again));
    }
  };

  return {
    apiKeyHeader,
    admit(view) {
      try {
        return decide(view);
      } catch (cause) {
        return isUnavailable(cause) ? decideAgain(view, cause) : deny(asFault(cause));
      }
    },
  };
}

function isUnavailable(cause: unknown): boolean {
  return cause instanceof KeysError && cause.code === "STORE_UNAVAILABLE";
}

function asFault(cause: unknown): KeysError {
  return cause instanceof KeysError ? cause : new KeysError("BUG", "the guard failed", { cause });
}

function checkRealm(realm: string): string {
  if (typeof realm === "string" && /^[\x20-\x7e]{1,128}$/.test(realm)) return realm;
  throw new KeysError("USAGE", "the realm is not a line of plain ASCII", { hint: "use a short name, such as mcp" });
}

function checkHeader(name: string | undefined): string {
  if (name === undefined) return "";
  const lower = name.toLowerCase();
  if (/^[a-z0-9-]{1,64}$/.test(lower) && lower !== "authorization") return lower;
  throw new KeysError("USAGE", "apiKeyHeader is not the name of a header beside Authorization", {
    hint: 'write it as "X-API-Key"',
  });
}
