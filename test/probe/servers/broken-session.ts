import type { Broken } from "./broken.ts";
import { followingServer } from "./following.ts";
import { SECOND_TOKEN } from "../verify/verifying.ts";

/** Servers whose sessions are not what they should be. */
export const BROKEN_SESSIONS: readonly Broken[] = [
  {
    mistake: "lets every key go on in the session of another",
    caught: ["session-bound-to-key"],
    make: () => ({
      stateful: true,
      eras: "legacy",
      ownsSession(_request, id) {
        return this.sessions.has(id);
      },
    }),
    options: { secondKey: SECOND_TOKEN },
  },
  {
    mistake: "lets a key of its store go on in the session of another",
    caught: ["session-bound-to-key"],
    ...followingServer(undefined, {
      eras: "legacy",
      stateful: true,
      ownsSession(_request, id) {
        return this.sessions.has(id);
      },
    }),
  },
  {
    mistake: "counts its sessions",
    caught: ["session-id-unguessable"],
    make: () => ({
      stateful: true,
      eras: "legacy",
      openSession(request) {
        const id = `session-${String(this.sessions.size + 1).padStart(24, "0")}`;
        this.sessions.set(id, { owner: this.tokenOf(request) });
        return id;
      },
      // Kept, or the next would have the same id.
      endSession(_request, response) {
        this.json(response, 405, {});
      },
    }),
  },
  {
    mistake: "goes on with a session that was ended",
    caught: ["session-ends"],
    make: () => ({
      stateful: true,
      eras: "legacy",
      endSession(_request, response) {
        response.writeHead(200).end();
      },
    }),
  },
];
