import { createHash } from "node:crypto";
import type { KeyId } from "../../core/key.ts";
import type { OnHead } from "./admission.ts";
import type { RequestView } from "./request-view.ts";
import { SessionOwners } from "./session-owners.ts";

const SESSION = "mcp-session-id";
/** Clients send it with every request after `initialize`. */
const PROTOCOL_VERSION = "mcp-protocol-version";

/**
 * Binds each MCP session to one key: to the key that opened it, if the guard saw that response, else to the first key that uses
 * it. Opening wins over use, so claiming a guessed id in advance gains nothing.
 */
export class Sessions {
  readonly #opened: SessionOwners;
  readonly #used: SessionOwners;

  /** @param limit - how many sessions of each kind to remember */
  constructor(limit = 100_000) {
    this.#opened = new SessionOwners(limit);
    this.#used = new SessionOwners(limit);
  }

  /**
   * Checks the session of a request that presented a valid key, and binds it if it is still unbound.
   * @returns `"foreign"` if the session belongs to another key; else a function for the response head, or `null`
   */
  enter(view: RequestView, key: KeyId): "foreign" | OnHead | null {
    const session = view.header(SESSION) ?? "";
    if (session === "") return view.header(PROTOCOL_VERSION) === null ? this.#watchOpening(key) : null;
    if (!isSessionId(session) || this.claim(session, key) !== key) return "foreign";
    return view.method === "DELETE" ? this.#watchEnd(session, key) : null;
  }

  /** Returns the owner of a session, after binding it to `key` if it had none. */
  claim(session: string, key: KeyId): KeyId {
    const id = shorten(session);
    const owner = this.#opened.get(id) ?? this.#used.get(id);
    if (owner === undefined) this.#used.add(id, key);
    return owner ?? key;
  }

  /** Binds a session that the server has just opened for `key`. The first key to open it keeps it. */
  open(session: string, key: KeyId): void {
    const id = shorten(session);
    if (this.#opened.get(id) !== undefined) return;
    this.#used.delete(id);
    this.#opened.add(id, key);
  }

  /** Unbinds a session that `key` has ended, unless another key has opened it meanwhile. */
  end(session: string, key: KeyId): void {
    const id = shorten(session);
    if (this.#opened.get(id) === key) this.#opened.delete(id);
    if (this.#used.get(id) === key) this.#used.delete(id);
  }

  #watchOpening(key: KeyId): OnHead {
    return (head) => {
      const session = head.header(SESSION) ?? "";
      if (session !== "") this.open(session, key);
      return null;
    };
  }

  #watchEnd(session: string, key: KeyId): OnHead {
    return ({ status }) => {
      if (status >= 200 && status < 300) this.end(session, key);
      return null;
    };
  }
}

/** The sessions of each server, shared by its guards: one may see a session open that another one sees in use. */
const byVerifier = new WeakMap<object, Sessions>();

/** Returns the sessions of all guards with this verifier. */
export function sessionsOf(verifier: object): Sessions {
  let sessions = byVerifier.get(verifier);
  if (sessions === undefined) byVerifier.set(verifier, (sessions = new Sessions()));
  return sessions;
}

/** @see MCP Streamable HTTP, Session Management: only visible ASCII characters */
function isSessionId(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}

/** Replaces an id of more than 128 characters by its digest, to bound the memory of each. */
function shorten(session: string): string {
  return session.length <= 128 ? session : createHash("sha256").update(session).digest("base64");
}
