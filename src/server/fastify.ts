import type { IncomingMessage, ServerResponse } from "node:http";
import { KeysError } from "../errors.ts";
import type { AuthInfo } from "./guard/auth-info.ts";
import { createGuard } from "./guard/guard.ts";
import type { GuardOptions } from "./guard/guard-options.ts";
import { inspectNode, welcome } from "./node/guard-node.ts";
import { holdsLargeBody, sendAnswer } from "./node/send-answer.ts";
import { NodeView } from "./node/request-view.ts";
import type { Admission, Refusal } from "./guard/admission.ts";
import type { Verifier } from "./verifier/verifier.ts";

/** What the plugin needs of Fastify 4 or 5, so that Fastify is no dependency. */
export interface FastifyLike {
  decorateRequest(name: string, value: null): unknown;
  hasRequestDecorator(name: string): boolean;
  addHook(
    name: string,
    hook: (request: FastifyRequestLike, reply: FastifyReplyLike, done: () => void) => void,
  ): unknown;
}

export interface FastifyRequestLike {
  readonly raw: IncomingMessage;
  body?: unknown;
}

export interface FastifyReplyLike {
  readonly raw: ServerResponse;
  code(status: number): unknown;
  headers(values: Record<string, string>): unknown;
  getHeaders(): Record<string, unknown>;
  hijack(): unknown;
  send(body: Uint8Array | undefined): unknown;
}

/**
 * The options of the plugin: those of every guard, and the verifier.
 * @example
 * ```ts
 * import type { FastifyGuardOptions, Verifier } from "mcp-keys";
 *
 * const optionsFor = (verifier: Verifier): FastifyGuardOptions => ({ verifier, scopes: ["mcp"] });
 * ```
 */
export type FastifyGuardOptions = GuardOptions & { readonly verifier: Verifier };

/**
 * A guard as a Fastify plugin: for all routes of the instance it is registered on, and for those of its children. Lets a
 * request in by setting `request.auth` and `request.raw.auth`, where the MCP SDKs' transports look.
 * ```ts
 * await fastify.register(guardFastify, { verifier });
 * ```
 * @throws `KeysError` `USAGE` when an option is unknown or makes no sense, as the plugin is loaded
 * @example
 * ```ts
 * import Fastify from "fastify";
 * import { createVerifier, guardFastify, openStore } from "mcp-keys";
 *
 * const verifier = await createVerifier({ store: await openStore() });
 * const fastify = Fastify();
 * await fastify.register(guardFastify, { verifier });
 * ```
 */
export async function guardFastify(fastify: FastifyLike, options: FastifyGuardOptions): Promise<void> {
  const { verifier, ...rest } = options;
  // What Fastify itself reads from the options of a plugin.
  const { prefix: _prefix, logLevel: _logLevel, logSerializers: _serializers, ...own } = rest as GuardOptions & Taken;
  if ((verifier as Verifier | undefined) === undefined) {
    throw new KeysError("USAGE", "guardFastify needs a verifier", {
      hint: "fastify.register(guardFastify, { verifier: await createVerifier({ store }) })",
    });
  }
  const guard = createGuard(verifier, own);
  if (!fastify.hasRequestDecorator("auth")) fastify.decorateRequest("auth", null);

  /** What was let in and has a body to be looked at. */
  const waiting = new WeakMap<IncomingMessage, { view: NodeView; admission: Admission }>();

  fastify.addHook("onRequest", (request, reply, done) => {
    const view = new NodeView(request.raw);
    const settle = (entry: Admission | Refusal): void => {
      if (!entry.ok) return refuse(request, reply, entry);
      welcome(request.raw, reply.raw, entry);
      (request as { auth?: AuthInfo }).auth = entry.auth;
      if (entry.inspectBody !== null) waiting.set(request.raw, { view, admission: entry });
      done();
    };
    const entry = guard.enter(view);
    if (entry instanceof Promise) void entry.then(settle);
    else settle(entry);
  });

  if (!guard.inspectsBody) return;
  // Once Fastify has read the body, and before anybody acts on it.
  fastify.addHook("preValidation", (request, reply, done) => {
    const found = waiting.get(request.raw);
    if (found === undefined) return done();
    const { raw } = request;
    void inspectNode(raw, found.view, found.admission, request).then((refusal) => {
      if (refusal === null) done();
      else if (refusal !== "gone") refuse(request, reply, refusal);
    });
  });
}

interface Taken {
  readonly prefix?: unknown;
  readonly logLevel?: unknown;
  readonly logSerializers?: unknown;
}

// Not for a scope of its own, but for the instance it is registered on.
Object.assign(guardFastify, {
  [Symbol.for("skip-override")]: true,
  [Symbol.for("fastify.display-name")]: "mcp-keys",
  [Symbol.for("plugin-meta")]: { name: "mcp-keys", fastify: ">=4" },
});

/** Through Fastify, so that its hooks run; but only Node can answer while a client is still sending. */
function refuse({ raw }: FastifyRequestLike, reply: FastifyReplyLike, { answer }: Refusal): void {
  if (!holdsLargeBody(raw)) {
    reply.code(answer.status);
    reply.headers(answer.headers);
    // As bytes, since Fastify adds a charset to a text.
    reply.send(answer.body === "" ? undefined : Buffer.from(answer.body));
    return;
  }
  for (const [name, value] of Object.entries(reply.getHeaders())) reply.raw.setHeader(name, value as string);
  reply.hijack();
  sendAnswer(raw, reply.raw, answer);
}
