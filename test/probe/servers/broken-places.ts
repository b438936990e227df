import { text } from "node:stream/consumers";
import type { BrokenServer } from "./broken.ts";
import type { Posted } from "./configurable-server.ts";

/** Servers that accept the key in the wrong place, or do not serve it well. */
export const BROKEN_PLACES: readonly BrokenServer[] = [
  {
    mistake: "answers tools/list without a list",
    caught: ["lists-tools"],
    make: () => ({
      answer(response, posted) {
        this.result(response, posted, {});
      },
    }),
  },
  {
    mistake: "compares the scheme case-sensitively",
    caught: ["accepts-scheme-in-any-case"],
    make: () => ({
      tokenOf: (request) => /^Bearer +(\S+)$/.exec(request.headers.authorization ?? "")?.[1] ?? "",
    }),
  },
  {
    mistake: "forgets a session after the first request",
    caught: ["session-continues"],
    make: () => ({
      ...{ eras: "legacy", stateful: true },
      answerLegacy(request, response, posted) {
        const id = String(request.headers["mcp-session-id"]);
        if (posted.method === "initialize") {
          this.result(response, posted, GREETING, { "mcp-session-id": this.openSession(request) });
          return;
        }
        if (!this.ownsSession(request, id)) {
          this.rpcError(response, 404, { code: -32001, id: posted.id ?? null });
          return;
        }
        this.answer(response, posted);
        if (posted.id !== undefined) this.sessions.delete(id);
      },
    }),
  },
  {
    mistake: "rejects every tool call",
    caught: ["calls-tool"],
    make: () => ({ knowsPath: (request) => request.headers["mcp-method"] !== "tools/call", eras: "modern" }),
    options: { tool: "add" },
  },
  {
    mistake: "accepts the key in the query",
    caught: ["rejects-key-in-query"],
    make: () => ({
      isGuarded(request) {
        const key = new URL(request.url ?? "", "http://server").searchParams.get("api_key");
        return key === null || !this.knows(key);
      },
    }),
  },
  {
    mistake: "accepts the key in a cookie",
    caught: ["rejects-key-in-cookie"],
    make: () => ({
      isGuarded(request) {
        const [, key = ""] = /(?:^|; )token=([^;]*)/.exec(request.headers.cookie ?? "") ?? [];
        return !this.knows(key);
      },
    }),
  },
  {
    mistake: "accepts the key in the parameters of a message",
    caught: ["rejects-key-in-body", "rejects-before-reading"],
    make: () => ({
      eras: "legacy",
      isGuarded: (request) => request.method !== "POST",
      async serve(request, response) {
        const posted = posts(await text(request));
        const key = String(posted?.params?.["api_key"]);
        const presented = this.knows(key) ? "valid" : this.readKey(request);
        if (presented !== "valid") this.refuse(request, response, presented);
        else if (posted === null) this.rpcError(response, 400, { code: -32700, id: null });
        else this.answerLegacy(request, response, posted);
      },
    }),
  },
  {
    mistake: "accepts the key in a form",
    caught: ["rejects-key-in-body", "rejects-before-reading"],
    make: () => ({
      eras: "legacy",
      isGuarded: (request) => request.method !== "POST",
      async serve(request, response) {
        const body = await text(request);
        const posted = posts(body);
        const isForm = request.headers["content-type"] === "application/x-www-form-urlencoded";
        const key = isForm ? (new URLSearchParams(body).get("access_token") ?? "") : "";
        const presented = this.knows(key) ? "valid" : this.readKey(request);
        if (presented !== "valid") this.refuse(request, response, presented);
        else if (posted === null) this.rpcError(response, 400, { code: -32700, id: null });
        else this.answerLegacy(request, response, posted);
      },
    }),
  },
  {
    mistake: "accepts the key without its scheme",
    caught: ["rejects-key-without-scheme"],
    make: () => ({
      isGuarded(request) {
        return !this.knows(request.headers.authorization ?? "");
      },
    }),
  },
  {
    mistake: "accepts the key as a Basic password",
    caught: ["rejects-key-in-other-scheme"],
    make: () => ({
      isGuarded(request) {
        const [, basic = ""] = /^Basic (\S+)$/i.exec(request.headers.authorization ?? "") ?? [];
        return !this.knows(atob(basic).replace(/^.*:/, ""));
      },
    }),
  },
  {
    mistake: "accepts the first of two keys",
    caught: ["rejects-two-keys"],
    make: () => ({
      isGuarded(request) {
        // If a header comes twice, Node keeps the first.
        return !this.knows(this.tokenOf(request));
      },
    }),
  },
];

const GREETING = {
  protocolVersion: "2025-11-25",
  capabilities: { tools: {} },
  serverInfo: { name: "test-server", version: "1" },
};

function posts(body: string): Posted | null {
  try {
    return JSON.parse(body) as Posted;
  } catch {
    return null;
  }
}
