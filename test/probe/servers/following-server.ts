import { randomBytes } from "node:crypto";
import type { Secret } from "../../../src/core/secret.ts";
import { formatToken } from "../../../src/core/token.ts";
import type { Lab, LabKey } from "../../../src/probe/target/lab.ts";
import type { ProbeServerOptions } from "../../../src/probe/probe.ts";
import type { Running } from "../../servers/listen.ts";
import { SECOND_TOKEN, TOKEN } from "../verify/verifying.ts";
import { ServerBehavior, startServer, type Mistake } from "./configurable-server.ts";

/** A key in the store, as the server sees it. */
export interface StoredKey {
  /** Oldest first. */
  readonly tokens: string[];
  readonly expiresAt: number;
  enabled: boolean;
  revoked: boolean;
}

export type KeyState = "valid" | "disabled" | "revoked" | "expired";

/** A store that the server reads at every request, and the lab that makes keys in it. Written without our own store. */
export class FollowedStore implements Lab {
  readonly keys: StoredKey[] = [];
  /** Called when a key is revoked. */
  readonly onRevoked: ((key: StoredKey) => void)[] = [];

  async knows(key: Secret): Promise<boolean> {
    return [TOKEN, SECOND_TOKEN].some((token) => token.reveal() === key.reveal());
  }

  async mint(purpose: string, lifetime = 3600): Promise<LabKey> {
    const first = drawToken();
    const expiresAt = Math.floor(Date.now() / 1000) + lifetime;
    const key: StoredKey = { tokens: [first.reveal()], expiresAt, enabled: true, revoked: false };
    this.keys.push(key);
    return {
      ...{ name: `canary-${purpose}`, token: first, expiresAt },
      disable: async () => void (key.enabled = false),
      enable: async () => void (key.enabled = true),
      revoke: async () => {
        key.revoked = true;
        for (const tell of this.onRevoked) tell(key);
      },
      rotate: async () => {
        const next = drawToken();
        key.tokens.push(next.reveal());
        return next;
      },
    };
  }

  find(token: string): StoredKey | undefined {
    return this.keys.find(({ tokens }) => tokens.includes(token));
  }

  stateOf({ enabled, revoked, expiresAt }: StoredKey): KeyState {
    if (revoked) return "revoked";
    if (Date.now() / 1000 >= expiresAt) return "expired";
    return enabled ? "valid" : "disabled";
  }
}

function drawToken(): Secret {
  const text = randomBytes(64).toString("base64").replaceAll(/[+/=]/g, "x");
  return formatToken({ prefix: "mcp", id: text.slice(0, 12), secret: text.slice(12, 55) });
}

/**
 * Creates a server that follows a store, with a mistake in how it judges keys.
 * @param judge - Tells whether to accept a token of the store. Correct by default.
 */
export function followingServer(
  judge: (store: FollowedStore, key: StoredKey, token: string) => boolean = (store, key) =>
    store.stateOf(key) === "valid",
  rest: Mistake = {},
): { readonly start: () => Promise<Running>; readonly options: Partial<ProbeServerOptions> } {
  const store = new FollowedStore();
  const keys = [TOKEN.reveal(), SECOND_TOKEN.reveal()];
  const mistake: Mistake = {
    openStream(response) {
      ServerBehavior.prototype.openStream.call(this, response);
      const token = this.tokenOf(response.req);
      store.onRevoked.push(({ tokens }) => {
        if (tokens.includes(token)) response.destroy();
      });
    },
    ...rest,
    knows(token) {
      const key = store.find(token);
      return key === undefined ? this.keys.includes(token) : judge(store, key, token);
    },
  };
  return { start: () => startServer(keys, mistake), options: { lab: store, patienceMs: 1000 } };
}
