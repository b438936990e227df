import type { BrokenServer } from "./broken.ts";
import { followingServer } from "./following-server.ts";
import { SECOND_TOKEN } from "../verify/verifying.ts";

/** Servers that handle sessions incorrectly. */
export const BROKEN_SESSION: readonly BrokenServer[] = [
  {
    mistake: "lets every key use any session",
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
    mistake: "lets every key of its store use any session",
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
    mistake: "numbers its sessions",
    caught: ["session-id-unguessable"],
    make: () => ({
      stateful: true,
      eras: "legacy",
      openSession(request) {
        const id = `session-${String(this.sessions.size + 1).padStart(24, "0")}`;
        this.sessions.set(id, { owner: this.tokenOf(request) });
        return id;
      },
      // Sessions are kept: otherwise the next one would get the same id.
      endSession(_request, response) {
        this.json(response, 405, {});
      },
    }),
  },
  {
    mistake: "continues a session after it was ended",
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
