import { randomBytes } from "node:crypto";
import type { Secret } from "../../../src/core/secret.ts";
import { formatToken } from "../../../src/core/token.ts";
import type { Lab, LabKey } from "../../../src/probe/target/lab.ts";
import type { ProbeServerOptions } from "../../../src/probe/probe.ts";
import type { Running } from "../../servers/listen.ts";
import { SECOND_TOKEN, TOKEN } from "../verify/verifying.ts";
import { startServer, type Mistake } from "./configurable-server.ts";

/** A key in the store of a door, as the door sees it. */
export interface Row {
  /** Oldest first. */
  readonly tokens: string[];
  readonly expiresAt: number;
  enabled: boolean;
  revoked: boolean;
}

export type Standing = "in" | "disabled" | "revoked" | "expired";

/** A store that a door looks into at every request, and the lab that makes keys in it. Written without our own store. */
export class Following implements Lab {
  readonly rows: Row[] = [];

  async knows(key: Secret): Promise<boolean> {
    return [TOKEN, SECOND_TOKEN].some((token) => token.reveal() === key.reveal());
  }

  async mint(purpose: string, lifetime = 3600): Promise<LabKey> {
    const first = drawToken();
    const expiresAt = Math.floor(Date.now() / 1000) + lifetime;
    const row: Row = { tokens: [first.reveal()], expiresAt, enabled: true, revoked: false };
    this.rows.push(row);
    return {
      ...{ name: `canary-${purpose}`, token: first, expiresAt },
      disable: async () => void (row.enabled = false),
      enable: async () => void (row.enabled = true),
      revoke: async () => void (row.revoked = true),
      rotate: async () => {
        const next = drawToken();
        row.tokens.push(next.reveal());
        return next;
      },
    };
  }

  find(token: string): Row | undefined {
    return this.rows.find(({ tokens }) => tokens.includes(token));
  }

  standing({ enabled, revoked, expiresAt }: Row): Standing {
    if (revoked) return "revoked";
    if (Date.now() / 1000 >= expiresAt) return "expired";
    return enabled ? "in" : "disabled";
  }
}

function drawToken(): Secret {
  const text = randomBytes(64).toString("base64").replaceAll(/[+/=]/g, "x");
  return formatToken({ prefix: "mcp", id: text.slice(0, 12), secret: text.slice(12, 55) });
}

/**
 * A door that follows a store, with a mistake in how it judges what it finds there.
 * @param judge - Whether a token of the store is let in; by default as it should be.
 */
export function followingServer(
  judge: (store: Following, row: Row, token: string) => boolean = (store, row) => store.standing(row) === "in",
  rest: Mistake = {},
): { readonly start: () => Promise<Running>; readonly options: Partial<ProbeServerOptions> } {
  const store = new Following();
  const keys = [TOKEN.reveal(), SECOND_TOKEN.reveal()];
  const mistake: Mistake = {
    ...rest,
    knows(token) {
      const row = store.find(token);
      return row === undefined ? this.keys.includes(token) : judge(store, row, token);
    },
  };
  return { start: () => startServer(keys, mistake), options: { lab: store, patienceMs: 1000 } };
}
