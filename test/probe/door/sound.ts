import { Secret } from "../../../src/core/secret.ts";
import type { ProbeOptions } from "../../../src/probe/probe.ts";
import type { Running } from "../../servers/listen.ts";
import { SECOND_TOKEN } from "../verifying.ts";
import type { Mistake } from "./door.ts";
import { followingDoor } from "./following.ts";
import { secureDoor } from "./secure.ts";

/** A server that does everything right. */
export interface Sound {
  /** Completes "a server …". */
  readonly kind: string;
  /** What of a {@link Door} it has otherwise, without being wrong; its keys are the two tokens of the tests. */
  readonly make?: () => Mistake;
  /** A server that is no {@link Door}, in place of `make`. */
  readonly start?: () => Promise<Running>;
  /** How it is probed, beyond what is usual. */
  readonly options?: Partial<ProbeOptions>;
}

const OPAQUE = "sk-live-0a1B2c3D4e5F6g7H8i9J0k1L";
const secure = secureDoor();
const secondKey = SECOND_TOKEN;

/** Together they show every check passing. */
export const SOUND: readonly Sound[] = [
  { kind: "of both eras", options: { tool: "add" } },
  { kind: "of the newest era", make: () => ({ eras: "modern" }) },
  { kind: "with sessions", make: () => ({ eras: "legacy", stateful: true }), options: { secondKey } },
  { kind: "without sessions", make: () => ({ eras: "legacy" }) },
  { kind: "that takes lists of messages", make: () => ({ eras: "legacy", batches: true }) },
  { kind: "of HTTP+SSE", make: () => ({ eras: "sse" }) },
  {
    kind: "that wants the key in another header",
    make: () => ({
      read(request) {
        const token = this.tokenOf(request);
        return token === "" ? "none" : this.knows(token) ? "in" : "wrong";
      },
      tokenOf: (request) => String(request.headers["x-api-key"] ?? ""),
    }),
    options: { header: { name: "x-api-key", scheme: null } },
  },
  { kind: "with opaque keys", make: () => ({ keys: [OPAQUE] }), options: { key: new Secret(OPAQUE) } },
  { kind: "that follows a store", ...followingDoor() },
  { kind: "behind TLS", start: secure.start, options: { request: secure.request } },
];
